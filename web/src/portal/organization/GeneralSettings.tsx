import { Alert, Button, Checkbox, Loader, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import { changeOrganization, type Organization, ownOrganization } from '../../api/organization'
import { announce } from '../announce'
import { DeletionQuestion } from '../DeletionQuestion'
import { Failure } from '../Failure'
import { isChangedMeanwhile, problemText } from '../problemText'

/** The name of the organization, where it says what it does with what people tell it, how long meetings are kept, and
 * whether people are asked before they are recorded. */
export function GeneralSettings({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  const organization = useQuery({ queryKey: ['organization', me.companyId], queryFn: ownOrganization })
  if (organization.isPending) return <Loader role="status" aria-label={t('common.loading')} mx="auto" />
  if (organization.isError) {
    return <Failure text={problemText(t, organization.error)} onRetry={() => void organization.refetch()} />
  }
  return <SettingsForm organization={organization.data} mayKeep={me.permissions.has('MANAGE_COMPANY')} />
}

interface SettingsFormProps {
  organization: Organization
  /** Whether the person may say how long meetings are kept. */
  mayKeep: boolean
}

function SettingsForm({ organization, mayKeep }: SettingsFormProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  /** As it was when it was loaded last, or when what somebody else changed was taken up. */
  const [base, setBase] = useState(organization)
  const [name, setName] = useState(organization.name)
  const [privacyLink, setPrivacyLink] = useState(organization.privacyLink)
  const [keptDays, setKeptDays] = useState(String(organization.keptDays))
  const [asks, setAsks] = useState(organization.asksBeforeRecording)
  const [meanwhile, setMeanwhile] = useState<Organization | null>(null)
  const [isAsking, setAsking] = useState(false)
  const mutationKey = ['change-organization']
  const saving = useMutation({
    mutationKey,
    mutationFn: () =>
      changeOrganization(base.version, {
        ...(name.trim() !== base.name && { name: name.trim() }),
        ...(privacyLink.trim() !== base.privacyLink && { privacyLink: privacyLink.trim() }),
        ...(keptDays !== String(base.keptDays) && { keptDays: Number(keptDays) }),
        ...(asks !== base.asksBeforeRecording && { asksBeforeRecording: asks }),
      }),
    onSettled: () => setAsking(false),
    onSuccess: async changed => {
      setBase(changed)
      setName(changed.name)
      setPrivacyLink(changed.privacyLink)
      setKeptDays(String(changed.keptDays))
      setAsks(changed.asksBeforeRecording)
      await queries.invalidateQueries({ queryKey: ['organization'] })
      await queries.invalidateQueries({ queryKey: ['companies'] })
      announce(t('organization.saved'))
    },
    onError: async error => {
      if (!isChangedMeanwhile(error)) return
      const now = await ownOrganization()
      setMeanwhile(now)
      if (name === base.name) setName(now.name)
      if (privacyLink === base.privacyLink) setPrivacyLink(now.privacyLink)
      if (keptDays === String(base.keptDays)) setKeptDays(String(now.keptDays))
      if (asks === base.asksBeforeRecording) setAsks(now.asksBeforeRecording)
      setBase(now)
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    setMeanwhile(null)
    if (Number(keptDays) < base.keptDays) setAsking(true)
    else saving.mutate()
  }
  return (
    <Paper withBorder p="md" maw="40rem">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={t('organization.name')}
            value={name}
            onChange={event => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            pattern=".*\S.*"
            maxLength={200}
            data-testid="organization-name"
          />
          <TextInput
            type="url"
            label={t('organization.privacyLink')}
            description={t('organization.privacyHint')}
            placeholder="https://"
            value={privacyLink}
            onChange={event => setPrivacyLink(event.currentTarget.value)}
            maxLength={2000}
            data-testid="privacy-link"
          />
          <TextInput
            type="number"
            inputMode="numeric"
            label={t('organization.keptDays')}
            description={t('organization.keptDaysHint')}
            value={keptDays}
            onChange={event => {
              setKeptDays(event.currentTarget.value)
              setAsking(false)
            }}
            min={1}
            max={3650}
            required
            withAsterisk={false}
            disabled={!mayKeep}
            data-testid="kept-days"
          />
          <Checkbox
            label={t('organization.asksBeforeRecording')}
            description={t('organization.asksBeforeRecordingHint')}
            checked={asks}
            onChange={event => setAsks(event.currentTarget.checked)}
            data-testid="asks-before-recording"
          />
          {meanwhile && (
            <Alert
              color="yellow"
              role="alert"
              title={t('problem.changedMeanwhile')}
              data-testid="changed-meanwhile"
            >
              <Text>{t('problem.isNow', { field: t('organization.name'), value: meanwhile.name })}</Text>
              <Text>
                {t('problem.isNow', {
                  field: t('organization.privacyLink'),
                  value: meanwhile.privacyLink || '–',
                })}
              </Text>
              <Text>
                {t('problem.isNow', {
                  field: t('organization.keptDays'),
                  value: String(meanwhile.keptDays),
                })}
              </Text>
              <Text>
                {t('problem.isNow', {
                  field: t('organization.asksBeforeRecording'),
                  value: t(meanwhile.asksBeforeRecording ? 'common.yes' : 'common.no'),
                })}
              </Text>
              <Text size="sm" mt="xs">
                {t('problem.saveAgain')}
              </Text>
            </Alert>
          )}
          {saving.error && !meanwhile && (
            <Alert color="red" role="alert" data-testid="error-message">
              {problemText(t, saving.error)}
            </Alert>
          )}
          {isAsking && (
            <DeletionQuestion
              text={t('organization.fewerDays', { count: Number(keptDays) })}
              failure={null}
              isPending={saving.isPending}
              onConfirm={() => queries.isMutating({ mutationKey }) || saving.mutate()}
              onCancel={() => setAsking(false)}
            />
          )}
          <Button
            type="submit"
            loading={saving.isPending}
            disabled={isAsking}
            data-testid="save-organization"
          >
            {t('rooms.save')}
          </Button>
        </Stack>
      </form>
    </Paper>
  )
}
