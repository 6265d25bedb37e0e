/** antd in our clothes: one accent, two elevations, 8-px grid. The numbers repeat styles/tokens.css. */
import { theme as antd, type ThemeConfig } from 'antd'
import type { Theme } from '../core/palette'

const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif'

/** `accent`: a region's own, empty for ours. */
export function antdTheme(theme: Theme, accent = ''): ThemeConfig {
  const dark = theme === 'dark'
  return {
    algorithm: dark ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: accent || (dark ? '#3a93b5' : '#17688a'),
      colorInfo: accent || (dark ? '#3a93b5' : '#17688a'),
      colorSuccess: dark ? '#7f8d99' : '#5d6a75',
      colorError: dark ? '#f0685f' : '#c02a22',
      colorWarning: dark ? '#e0a83c' : '#a86a00',
      colorBgBase: dark ? '#12161a' : '#ffffff',
      colorBgLayout: dark ? '#12161a' : '#f2f4f5',
      colorBgContainer: dark ? '#1a2026' : '#ffffff',
      colorBgElevated: dark ? '#212830' : '#ffffff',
      colorBorder: dark ? '#38424c' : '#cbd2d8',
      colorBorderSecondary: dark ? '#2a323a' : '#e0e4e8',
      colorText: dark ? '#d6dde3' : '#1c252d',
      colorTextSecondary: dark ? '#93a0ab' : '#56636e',
      colorLink: accent || (dark ? '#6bbbd8' : '#17688a'),
      borderRadius: 4,
      fontFamily: FONT,
      fontSize: 14,
      controlHeight: 32,
      wireframe: false,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
    },
    components: {
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', fontWeight: 500 },
    },
  }
}
