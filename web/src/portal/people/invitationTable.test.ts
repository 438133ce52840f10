import { describe, expect, it } from 'vitest'
import { invitationsIn } from './invitationTable'

const known = (text: string) =>
  invitationsIn(text).map(({ email, firstName, lastName, problem }) => [email, firstName, lastName, problem])

describe('a table of people', () => {
  it.each([
    'First name,Last name,E-mail\nAda,Byron,ada@example.org',
    'Vorname;Nachname;E-Mail-Adresse\nAda;Byron;ada@example.org',
    'Email\tSurname\tGiven name\nada@example.org\tByron\tAda',
    'ada@example.org,Ada,Byron',
    'Ada;Byron;ada@example.org',
  ])('%j has columns that are found', text => {
    expect(known(text)).toEqual([['ada@example.org', 'Ada', 'Byron', null]])
  })

  it('says what is wrong with which row', () => {
    expect(known('email\na@example.org\nnobody\nA@example.org')).toEqual([
      ['a@example.org', '', '', null],
      ['nobody', '', '', 'noAddress'],
      ['A@example.org', '', '', 'twice'],
    ])
  })

  it('may be empty, or have no people', () => {
    expect(invitationsIn('')).toEqual([])
    expect(invitationsIn('email;name')).toEqual([])
  })
})
