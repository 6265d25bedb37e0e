/**
 * Compiles only while the types the console uses are what the server describes: a field the server no longer sends, or
 * sends as another type, is an error here. Words are compared as strings, objects the server leaves open fit anything.
 */
import type * as access from './access'
import type * as ours from './api'
import type * as desk from './desk'
import type { components } from './openapi'
import type * as use from './use'

type Theirs = components['schemas']
type Open<T> = string extends keyof T ? ([T[keyof T]] extends [never] ? true : false) : false
/** `Free` stands for what is left open: `unknown` takes anything, `never` fits anywhere. */
type Loose<T, Free> = unknown extends T
  ? Free
  : T extends string
    ? string
    : T extends number | boolean | null | undefined
      ? T
      : T extends readonly (infer E)[]
        ? Loose<E, Free>[]
        : Open<T> extends true
          ? Free
          : { [K in keyof T]: Loose<T[K], Free> }
type Fits<Expected, Given extends Loose<Expected, unknown>> = [Expected, Given]

type Sent<Name extends keyof Theirs> = Loose<Theirs[Name], never>

export type Agreed = [
  Fits<ours.Session, Sent<'Session'>>,
  Fits<ours.Overview, Sent<'Overview'>>,
  Fits<ours.SystemState, Sent<'System'>>,
  Fits<ours.Manifest, Sent<'Manifest'>>,
  Fits<ours.DeviceRow, Sent<'DeviceLine'>>,
  Fits<ours.DeviceSpec, Sent<'DeviceSpec'>>,
  Fits<ours.DevicePage, Sent<'DeviceDetail'>>,
  Fits<ours.DeviceEvent, Sent<'Event'>>,
  Fits<ours.TestVerdict, Sent<'TestAnswer'>>,
  Fits<ours.Preview, Sent<'PreviewValue'>>,
  Fits<ours.Latest, Sent<'LatestValue'>>,
  Fits<ours.Point, Sent<'PointAnswer'>>,
  Fits<ours.Why, Sent<'Why'>>,
  Fits<ours.SqlResult, Sent<'SqlAnswer'>>,
  Fits<ours.SqlTable, Sent<'SqlTable'>>,
  Fits<ours.Episode, Sent<'Episode'>>,
  Fits<ours.Demo, Sent<'Demo'>>,
  Fits<ours.Fault, Sent<'Fault'>>,
  Fits<ours.Token, Sent<'Token'>>,
  Fits<access.Member, Sent<'Member'>>,
  Fits<access.RoleLine, Sent<'RoleLine'>>,
  Fits<access.SessionLine, Sent<'SessionLine'>>,
  Fits<access.Company, Sent<'Company'>>,
  Fits<access.Factor, Sent<'Factor'>>,
  Fits<access.Grant, Sent<'Grant'>>,
  Fits<desk.SupportAccess, Sent<'SupportAccess'>>,
  Fits<desk.Application, Sent<'Application'>>,
  Fits<desk.DeskRules, Sent<'RulesHere'>>,
  Fits<desk.PackageLine, Sent<'PackageLine'>>,
  Fits<desk.Looks, Sent<'Looks'>>,
  Fits<desk.LookOf, Sent<'LookOf'>>,
  Fits<desk.ApplyPage, Sent<'ApplyPage'>>,
  Fits<desk.ApplicantState, Sent<'ApplicantState'>>,
  Fits<access.NewFactor, Sent<'NewFactor'>>,
  Fits<access.MyPasskeys, Sent<'MyPasskeys'>>,
  Fits<access.MadePasskey, Sent<'MadePasskey'>>,
  Fits<access.SignInPage, Sent<'SignInPage'>>,
  Fits<access.MyAccounts, Sent<'MyAccounts'>>,
  Fits<access.WaysToProve, Sent<'Ways'>>,
  Fits<access.WaysIn, Sent<'WaysIn'>>,
  Fits<use.Use, Sent<'Use'>>,
  Fits<use.CompaniesUse, Sent<'CompaniesUse'>>,
  Fits<use.QuotasOf, Sent<'QuotasOf'>>,
  Fits<use.MonthBill, Sent<'MonthBill'>>,
]
