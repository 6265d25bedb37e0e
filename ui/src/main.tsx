import { createRoot } from 'react-dom/client'
import { firstLanguage, setLanguage } from './core/words'
import { App } from './pages/App'
import './styles/tokens.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/pages.css'

async function start(): Promise<void> {
  const language = firstLanguage()
  await setLanguage(language)
  const root = document.getElementById('root')
  if (root) createRoot(root).render(<App firstLanguage={language} />)
}

void start()
