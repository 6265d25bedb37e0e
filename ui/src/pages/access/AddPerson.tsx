import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNote } from '../../components/notes'
import { inLanguage, useLanguageCode } from '../../components/preferences'
import { people } from '../../core/access'
import type { RoleLine } from '../../wire/access'
import { asProblem } from '../../core/http'
import type { Problem } from '../../wire/api'

export function AddPerson({ roles, onMade }: { roles: RoleLine[]; onMade: (made: { name: string; password: string }) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)
  const add = async () => {
    setProblem(null)
    try {
      onMade(await people.add(name.trim(), chosen))
      setName('')
      setChosen([])
    } catch (error) {
      setProblem(asProblem(error))
    }
  }
  return (
    <>
      <div className="bar token-make">
        <Input value={name} placeholder={t('access.namePlace')} aria-label={t('access.name')} onChange={(e) => setName(e.target.value)} />
        <Select
          className="role-choice"
          mode="multiple"
          value={chosen}
          onChange={setChosen}
          placeholder={t('access.roles')}
          aria-label={t('access.roles')}
          options={roles.filter((one) => one.mine).map((one) => ({ value: one.role, label: inLanguage(language, one.title, one.title_zh) }))}
        />
        <Button disabled={!name.trim() || !chosen.length} onClick={add}>
          {t('access.add')}
        </Button>
      </div>
      {problem ? <ErrorNote problem={problem} /> : null}
    </>
  )
}
