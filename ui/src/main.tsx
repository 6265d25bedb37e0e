import './core/nonce'
import './styles/security.css'
import i18next from 'i18next'
import { createRoot } from 'react-dom/client'
import { initReactI18next } from 'react-i18next'
import { beginEarly } from './core/early'
import { firstLanguage, setLanguage } from './core/words'
import { App } from './pages/App'
import './styles/tokens.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/pages.css'
import './styles/access.css'
import './styles/assets.css'
import './styles/mimic.css'
import './styles/screens.css'
import './styles/drawing.css'
import './styles/rules.css'
import './styles/types.css'
import './styles/templates.css'
import './styles/use.css'
import './styles/sheets.css'
import './styles/work.css'

async function start(): Promise<void> {
  beginEarly(location.pathname, location.search)
  i18next.use(initReactI18next)
  const language = firstLanguage()
  await setLanguage(language, false)
  const root = document.getElementById('root')
  if (root) createRoot(root).render(<App firstLanguage={language} />)
}

void start()
