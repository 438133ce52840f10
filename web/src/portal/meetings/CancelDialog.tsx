import { Alert, Button, Group, Modal, Radio, Stack, Text, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CHANGED_MEANWHILE, cancelMeeting, type ScheduledMeeting } from '../../api/scheduling'
import { formatSpan } from '../../meeting/times'
import { navigate } from '../../route/hash'
import { announce } from '../announce'
import { recurs } from './entries'
import { codeOf } from './problems'

const MUTATION = ['cancel-meeting']

interface CancelDialogProps {
  meeting: ScheduledMeeting
  onClose: () => void
}

/** Asks before a meeting is called off, says what goes along, and takes a reason. */
export function CancelDialog({ meeting, onClose }: CancelDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  /** The meeting as it was when somebody began to think about it. */
  const [seen] = useState(meeting)
  const [ofSeries, setOfSeries] = useState(false)
  const [reason, setReason] = useState('')
  const { topic, start, end, invitees } = seen
  const isSeries = recurs(seen)
  const whole = !isSeries || ofSeries
  const canceling = useMutation({
    mutationKey: MUTATION,
    mutationFn: () => cancelMeeting(seen, whole, reason),
    onSuccess: () => {
      announce(t('scheduling.cancel.done', { topic }))
      navigate('#/meetings')
      queries.removeQueries({ queryKey: ['meetings', 'one', seen.id] })
      return queries.invalidateQueries({ queryKey: ['meetings'] })
    },
  })
  const isChanged = codeOf(canceling.error) === CHANGED_MEANWHILE
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('scheduling.cancel.title', { topic })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack gap="sm">
        {isSeries && (
          <Radio.Group
            aria-label={t('scheduling.form.scope')}
            value={ofSeries ? 'series' : 'one'}
            onChange={value => setOfSeries(value === 'series')}
          >
            <Stack gap="xs">
              <Radio
                value="one"
                label={t('scheduling.cancel.one', { time: formatSpan(start, end) })}
                data-testid="cancel-one"
              />
              <Radio value="series" label={t('scheduling.cancel.series')} data-testid="cancel-series" />
            </Stack>
          </Radio.Group>
        )}
        <Text>
          {invitees.length
            ? t('scheduling.cancel.mails', { count: invitees.length })
            : t('scheduling.cancel.mailsNobody')}{' '}
          {t(whole ? 'scheduling.cancel.alongAll' : 'scheduling.cancel.alongOne')}
        </Text>
        {invitees.length > 0 && (
          <Textarea
            label={t('scheduling.cancel.reason')}
            description={t('scheduling.cancel.reasonHint')}
            value={reason}
            onChange={event => setReason(event.currentTarget.value)}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={2_000}
            data-autofocus
            data-testid="cancel-reason"
          />
        )}
        {canceling.error && (
          <Alert color="red" role="alert" data-testid="error-message">
            {isChanged
              ? t('scheduling.cancel.meanwhile')
              : t('scheduling.cancel.failed', { message: canceling.error.message })}
          </Alert>
        )}
        <Group gap="xs">
          <Button
            color="red"
            disabled={isChanged}
            loading={canceling.isPending || canceling.isSuccess}
            onClick={() => queries.isMutating({ mutationKey: MUTATION }) || canceling.mutate()}
            data-testid="confirm-cancel"
          >
            {t('scheduling.cancel.submit')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('scheduling.cancel.keep')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
