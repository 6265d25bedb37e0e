/** What is it: by protocol, vendor word or standard. */
import { Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/Icon'
import { Empty } from '../../components/notes'
import { useLanguageCode } from '../../components/preferences'
import { matches } from '../../core/matching'
import type { Manifest } from '../../wire/api'

// What people call their machines, and which driver that means.
const ALIASES: Record<string, string> = {
  modbus: 'plc meter power 电表 变频器 仪表 温控 schneider 施耐德 汇川 inovance delta 台达 rs485 rtu tcp sensor inverter',
  mc: 'plc mitsubishi 三菱 melsec q l fx5 fx5u iq-r iq-f slmp keyence 基恩士 kv inovance 汇川',
  fins: 'plc omron 欧姆龙 cp1h cp1l cj2m cs1 nx nj sysmac',
  dlt645: 'meter 电表 电能表 智能电表 国网 645 rs485 energy electricity',
  opcua: 'opc ua siemens 西门子 s7-1500 kepware wincc codesys b&r beckhoff 倍福 cnc 数控 euromap umati injection 注塑',
  mqtt: 'broker emqx mosquitto hivemq gateway 网关 iot json sparkplug dtu',
  sim: 'demo test simulate 模拟 演示 测试',
}

export function WhatStep({ drivers, onChoose }: { drivers: readonly Manifest[]; onChoose: (manifest: Manifest) => void }) {
  const { t } = useTranslation()
  const language = useLanguageCode()
  const [search, setSearch] = useState('')
  const found = drivers.filter((one) => matches(search, one.id, one.title.en, one.title.zh, one.summary.en, one.summary.zh, one.standard, ALIASES[one.id]))
  return (
    <div className="what">
      <Input size="large" autoFocus allowClear prefix={<Icon name="search" />} placeholder={t('add.whatSearch')} aria-label={t('add.whatSearch')} value={search} onChange={(e) => setSearch(e.target.value)} onPressEnter={() => found[0] && onChoose(found[0])} />
      <ul className="drivers">
        {found.map((one) => (
          <li key={one.id}>
            <button type="button" onClick={() => onChoose(one)}>
              <strong>{one.title[language]}</strong>
              <span>{one.summary[language]}</span>
              <small>
                {one.capabilities.map((capability) => (
                  <span key={capability} className="tag">
                    {t(`capability.${capability}` as 'capability.read')}
                  </span>
                ))}
                {one.standard && one.standard !== 'none' ? <span className="muted driver-standard">{one.standard}</span> : null}
              </small>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <Empty title={t('add.noDriver')} advice={t('add.noDriverAdvice')} /> : null}
    </div>
  )
}
