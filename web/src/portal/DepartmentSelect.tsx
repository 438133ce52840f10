import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { roomsToShow } from '../api/rooms'
import { departments, roomTree } from './roomTree'

export interface DepartmentChoice {
  id: string
  label: string
}

/** The field `department` of a form. */
export function DepartmentSelect({ choices }: { choices: readonly DepartmentChoice[] }) {
  const { t } = useTranslation()
  if (choices.length === 0) return null
  return (
    <NativeSelect
      name="department"
      label={t('rooms.within')}
      data={[{ value: '', label: t('rooms.top') }, ...choices.map(({ id, label }) => ({ value: id, label }))]}
      data-testid="room-department"
    />
  )
}

/** The same where there are too many departments to choose from: those that are found by their names. */
export function DepartmentSearch() {
  const { t, i18n } = useTranslation()
  const [term, setTerm] = useState('')
  const [settled] = useDebouncedValue(term.trim(), 150)
  const found = useQuery({
    queryKey: ['rooms', 'departments', settled],
    queryFn: () => roomsToShow({ term: settled, departmentsOnly: true }),
    placeholderData: previous => previous,
  })
  return (
    <>
      <TextInput
        type="search"
        label={t('rooms.findDepartment')}
        value={term}
        onChange={event => setTerm(event.currentTarget.value)}
        data-testid="find-department"
      />
      <DepartmentSelect choices={departments(roomTree(found.data?.rooms ?? new Map(), i18n.language))} />
    </>
  )
}
