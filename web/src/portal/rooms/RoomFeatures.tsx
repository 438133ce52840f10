import { Checkbox, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FEATURES, type Feature, setFeature } from '../../api/access'
import { announce } from '../announce'
import { FormProblem } from '../meetings/MeetingForm'
import type { RoomNode } from '../roomTree'

/** Checkboxes for the features of a room beside its kind; each is saved when it is pressed. */
export function RoomFeatures({ room }: { room: RoomNode }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [isOn, setOn] = useState(
    () => new Set(room.listed.features?.filter(({ state }) => state === 'ENABLED').map(({ id }) => id)),
  )
  const show = (id: Feature, on: boolean) =>
    setOn(now => {
      const next = new Set(now)
      if (on) next.add(id)
      else next.delete(id)
      return next
    })
  const saving = useMutation({
    mutationFn: ({ id, on }: { id: Feature; on: boolean }) => setFeature(room.id, id, on),
    onError: (_, { id, on }) => show(id, !on),
    onSuccess: (_, { id }) => {
      announce(t('roomAdministration.features.saved', { name: t(`roomAdministration.features.${id}`) }))
      return queries.invalidateQueries({ queryKey: ['rooms'] })
    },
  })
  // Shown as pressed at once, and as it was when that could not be saved.
  const set = (id: Feature, on: boolean) => {
    show(id, on)
    saving.mutate({ id, on })
  }
  return (
    <Stack gap="sm">
      <Text c="var(--sr-muted)">{t('roomAdministration.features.lead')}</Text>
      {FEATURES.map(id => (
        <Checkbox
          key={id}
          label={t(`roomAdministration.features.${id}`)}
          checked={isOn.has(id)}
          disabled={saving.isPending && saving.variables.id === id}
          onChange={event => set(id, event.currentTarget.checked)}
          data-testid={`feature-${id}`}
        />
      ))}
      {saving.error && (
        <FormProblem text={t('roomAdministration.access.failed', { message: saving.error.message })} />
      )}
    </Stack>
  )
}
