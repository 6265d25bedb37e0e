/** What is chosen on top of a screen: one field for each variable. */
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import type { ScreenWhole } from '../../core/screencalls'
import { OWN } from '../../core/screens'
import { inLanguage, useLanguageCode } from '../preferences'

export function Variables({ whole, onChoose }: { whole: ScreenWhole; onChoose: (name: string, value: string) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const names = Object.keys(whole.choices)
  if (names.length === 0) return null
  return (
    <div className="scr-bar-of">
      {names.map((name) => {
        const told = whole.screen.variables?.[name]
        const label = inLanguage(language, told?.title, told?.title_zh) || (name === OWN ? t('word.asset') : name)
        return (
          <label key={name}>
            {label}
            <Select
              showSearch
              aria-label={label}
              value={whole.chosen[name] || null}
              placeholder={t('screen.nothingToChoose')}
              onChange={(value) => onChoose(name, value)}
              optionFilterProp="label"
              options={(whole.choices[name] ?? []).map((one) => ({ value: one.value, label: inLanguage(language, one.title, one.title_zh) || one.value }))}
            />
          </label>
        )
      })}
    </div>
  )
}
