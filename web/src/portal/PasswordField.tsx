import { PasswordInput } from '@mantine/core'
import { type Ref, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LONGEST_PASSWORD, type PasswordComplaint, SHORTEST_PASSWORD } from '../api/password'
import { formatNumber } from '../i18n/format'

interface PasswordFieldProps {
  ref: Ref<HTMLInputElement>
  testId: string
  label: string
  /** Whether it is one to be chosen, which there are rules for, or one that somebody has. */
  isNew: boolean
  complaint: PasswordComplaint | null
  value: string
  onChange: (value: string) => void
}

/** A field for a password on a page of its own, which can be shown. */
export function PasswordField({ ref, testId, label, isNew, complaint, value, onChange }: PasswordFieldProps) {
  const { t } = useTranslation()
  const [isVisible, setVisible] = useState(false)
  return (
    <PasswordInput
      ref={ref}
      name="password"
      data-testid={testId}
      label={label}
      description={isNew ? t('password.rule', { least: SHORTEST_PASSWORD }) : undefined}
      error={
        complaint &&
        t(`password.${complaint}`, { least: SHORTEST_PASSWORD, most: formatNumber(LONGEST_PASSWORD) })
      }
      aria-invalid={complaint !== null}
      autoComplete={isNew ? 'new-password' : 'current-password'}
      size="md"
      required
      withAsterisk={false}
      value={value}
      onChange={event => onChange(event.currentTarget.value)}
      visible={isVisible}
      onVisibilityChange={setVisible}
      visibilityToggleFocusable
      visibilityToggleButtonProps={{ 'aria-label': t('password.show') }}
    />
  )
}
