import { Alert, Button, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { changeHook, createHook, type Hook, type HookChange, listHooks } from '../../api/organization'
import { announce } from '../announce'
import { isChangedMeanwhile, problemText } from '../problemText'
import { ShownOnce } from './ShownOnce'

interface HookDialogProps {
  /** The hook to change; null for one that is to be made. */
  hook: Hook | null
  onClose: () => void
}

/** Makes a web hook, whose secret is shown once, or changes one. */
export function HookDialog({ hook, onClose }: HookDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  /** As the server had it when it was loaded last. */
  const [base, setBase] = useState(hook)
  const [secret, setSecret] = useState('')
  const [meanwhile, setMeanwhile] = useState<Hook | null>(null)
  const mutationKey = ['save-hook', hook?.id ?? 'new']
  const saving = useMutation({
    mutationKey,
    mutationFn: async ({ name = '', url = '', types = [] }: HookChange) => {
      if (base && hook) await changeHook(base, changeOf(hook, { name, url, types }))
      else setSecret((await createHook(name, url, types)).secret)
    },
    onSuccess: async (_, { name = '' }) => {
      await queries.invalidateQueries({ queryKey: ['hooks'] })
      if (!base) return
      announce(t('directory.changed', { name }))
      onClose()
    },
    onError: async error => {
      if (!isChangedMeanwhile(error)) return
      const now = (await listHooks()).find(one => one.id === base?.id) ?? null
      setMeanwhile(now)
      if (now) setBase(now)
    },
  })
  // The secret of a hook that is being made would be lost, and the second click of two may be outside.
  const close = () => {
    if (!saving.isPending) onClose()
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey }) || secret) return
    const fields = new FormData(event.currentTarget)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    setMeanwhile(null)
    saving.mutate({
      name: text('name'),
      url: text('url'),
      types: text('types')
        .split(/[\s,;]+/)
        .filter(Boolean),
    })
  }
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      closeOnClickOutside={false}
      title={hook ? t('directory.changeOf', { name: hook.name }) : t('organization.newHook')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {secret ? (
        <ShownOnce secret={secret} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              name="name"
              label={t('organization.hookName')}
              defaultValue={hook?.name}
              required
              withAsterisk={false}
              pattern=".*\S.*"
              maxLength={200}
              data-autofocus
              data-testid="hook-name"
            />
            <TextInput
              type="url"
              name="url"
              label={t('organization.hookUrl')}
              description={t('organization.hookUrlHint')}
              placeholder="https://"
              defaultValue={hook?.url}
              required
              withAsterisk={false}
              maxLength={2000}
              data-testid="hook-url"
            />
            <Textarea
              name="types"
              label={t('organization.hookTypes')}
              description={t('organization.hookTypesHint')}
              placeholder="room.*, meeting.created"
              defaultValue={hook?.types.join(', ')}
              autosize
              minRows={2}
              maxLength={4000}
              data-testid="hook-types"
            />
            {meanwhile && (
              <Alert
                color="yellow"
                role="alert"
                title={t('problem.changedMeanwhile')}
                data-testid="changed-meanwhile"
              >
                <div>{t('problem.isNow', { field: t('organization.hookName'), value: meanwhile.name })}</div>
                <div>{t('problem.isNow', { field: t('organization.hookUrl'), value: meanwhile.url })}</div>
                <div>
                  {t('problem.isNow', {
                    field: t('organization.hookTypes'),
                    value: meanwhile.types.join(', ') || t('organization.allEvents'),
                  })}
                </div>
                <div>{t('problem.saveAgain')}</div>
              </Alert>
            )}
            {saving.error && !meanwhile && (
              <Alert color="red" role="alert" data-testid="error-message">
                {problemText(t, saving.error)}
              </Alert>
            )}
            <Button type="submit" loading={saving.isPending} data-testid="save-hook">
              {t(hook ? 'rooms.save' : 'organization.make')}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  )
}

/** What was altered, and nothing that another may have changed meanwhile. */
function changeOf(hook: Hook, { name, url, types }: Pick<Hook, 'name' | 'url' | 'types'>): HookChange {
  return {
    ...(name !== hook.name && { name }),
    ...(url !== hook.url && { url }),
    ...(types.join() !== hook.types.join() && { types }),
  }
}
