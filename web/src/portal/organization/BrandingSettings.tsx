import {
  Alert,
  Button,
  Checkbox,
  FileButton,
  Group,
  Loader,
  Paper,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SignedIn } from '../../api/account'
import {
  type BrandingSettings as Branding,
  changeBranding,
  ownBranding,
  ownOrganization,
} from '../../api/organization'
import { IconTrash, IconUpload } from '../../ui/icons'
import { announce } from '../announce'
import { DeletionQuestion } from '../DeletionQuestion'
import { Failure } from '../Failure'
import { isChangedMeanwhile, problemText } from '../problemText'
import classes from './BrandingForm.module.css'
import { BrandingPreview } from './BrandingPreview'
import { base64Of, readLogo } from './logoFile'

const COLOUR = '#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})'
const IS_COLOUR = new RegExp(`^${COLOUR}$`)
const PICKED_FIRST = '#1864ab'

type Fields = Pick<
  Branding,
  'isShown' | 'title' | 'colour' | 'logo' | 'logoUrl' | 'isInRooms' | 'isAlone' | 'mailText'
>

const NONE: Fields = {
  isShown: false,
  title: '',
  colour: '',
  logo: '',
  logoUrl: '',
  isInRooms: false,
  isAlone: false,
  mailText: '',
}

/** Settings of what pages and mails show of the organization: its title, colour and logo. */
export function BrandingSettings({ me }: { me: SignedIn }) {
  const { t } = useTranslation()
  // Not what it was a while ago: a form that has been begun stays as it is.
  const branding = useQuery({ queryKey: ['own-branding', me.companyId], queryFn: ownBranding, gcTime: 0 })
  if (branding.isPending) return <Loader role="status" aria-label={t('common.loading')} mx="auto" />
  if (branding.isError) {
    return <Failure text={problemText(t, branding.error)} onRetry={() => void branding.refetch()} />
  }
  return <BrandingForm me={me} branding={branding.data} />
}

function BrandingForm({ me, branding }: { me: SignedIn; branding: Branding }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const organization = useQuery({ queryKey: ['organization', me.companyId], queryFn: ownOrganization })
  /** As it was when it was loaded last, or when what somebody else changed was taken up. */
  const [base, setBase] = useState(branding)
  // A person who begins a branding wants it to be seen.
  const [fields, setFields] = useState<Fields>({
    ...fieldsOf(branding),
    isShown: branding.isShown || isNothing(branding),
  })
  const [meanwhile, setMeanwhile] = useState<Branding | null>(null)
  const [isAsked, setAsked] = useState(false)
  const [problem, setProblem] = useState('')
  const set = (change: Partial<Fields>) => setFields(now => ({ ...now, ...change }))
  const take = async (changed: Branding) => {
    setBase(changed)
    setFields(fieldsOf(changed))
    setMeanwhile(null)
    setAsked(false)
    setProblem('')
    await queries.invalidateQueries({ queryKey: ['branding'] })
  }
  const mutationKey = ['change-branding']
  const saving = useMutation({
    mutationKey,
    mutationFn: (wanted: Fields) => changeBranding(base.version, changeOf(wanted, base)),
    onSuccess: async (changed, wanted) => {
      await take(changed)
      announce(t(wanted === NONE ? 'organization.branding.removed' : 'organization.branding.saved'))
    },
    onError: async error => {
      setAsked(false)
      if (!isChangedMeanwhile(error)) return
      const now = await ownBranding()
      setMeanwhile(now)
      // Fields that have not been touched here are as somebody else wants them.
      setFields(mine => merged(mine, fieldsOf(base), fieldsOf(now)))
      setBase(now)
    },
  })
  const save = (wanted: Fields) => {
    // The second click of two comes before the button is drawn as busy.
    if (queries.isMutating({ mutationKey })) return
    setMeanwhile(null)
    saving.mutate(wanted)
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    save({
      ...fields,
      title: fields.title.trim(),
      colour: fields.colour.trim(),
      mailText: fields.mailText.trim(),
    })
  }
  const choose = async (file: File | null) => {
    if (!file) return
    const logo = await readLogo(file)
    setProblem(logo ? '' : t('organization.branding.notPicture'))
    if (logo) set({ logo, logoUrl: '' })
  }
  const colour = IS_COLOUR.test(fields.colour.trim()) ? fields.colour.trim() : ''
  return (
    <div className={classes.form}>
      <Paper withBorder p="md">
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              label={t('organization.branding.title')}
              description={t('organization.branding.titleHint')}
              value={fields.title}
              onChange={event => set({ title: event.currentTarget.value })}
              maxLength={200}
              data-testid="branding-title"
            />
            <div className={classes.colour}>
              <TextInput
                label={t('organization.branding.colour')}
                description={t('organization.branding.colourHint')}
                placeholder={PICKED_FIRST}
                value={fields.colour}
                onChange={event => set({ colour: event.currentTarget.value })}
                pattern={`\\s*${COLOUR}\\s*`}
                title={t('organization.branding.colourHint')}
                spellCheck={false}
                data-testid="branding-colour"
              />
              <input
                type="color"
                className={classes.picker}
                aria-label={t('organization.branding.pickColour')}
                value={sixDigits(colour || PICKED_FIRST)}
                onChange={event => set({ colour: event.currentTarget.value })}
                data-testid="pick-colour"
              />
            </div>
            <LogoField
              logo={fields.logo}
              logoUrl={fields.logoUrl}
              onChoose={file => void choose(file)}
              onRemove={() => set({ logo: '', logoUrl: '' })}
            />
            {problem && (
              <Alert color="red" role="alert" data-testid="picture-problem">
                {problem}
              </Alert>
            )}
            <Checkbox
              label={t('organization.branding.inRooms')}
              checked={fields.isInRooms}
              onChange={event => set({ isInRooms: event.currentTarget.checked })}
              data-testid="branding-in-rooms"
            />
            <Checkbox
              label={t('organization.branding.alone')}
              checked={fields.isAlone}
              onChange={event => set({ isAlone: event.currentTarget.checked })}
              data-testid="branding-alone"
            />
            <Textarea
              label={t('organization.branding.mailText')}
              description={t('organization.branding.mailTextHint')}
              value={fields.mailText}
              onChange={event => set({ mailText: event.currentTarget.value })}
              maxLength={1000}
              autosize
              minRows={2}
              maxRows={8}
              data-testid="branding-mail-text"
            />
            <Checkbox
              label={t('organization.branding.isShown')}
              checked={fields.isShown}
              onChange={event => set({ isShown: event.currentTarget.checked })}
              data-testid="branding-shown"
            />
            {meanwhile && (
              <Alert
                color="yellow"
                role="alert"
                title={t('problem.changedMeanwhile')}
                data-testid="changed-meanwhile"
              >
                <Text>
                  {t('problem.isNow', {
                    field: t('organization.branding.title'),
                    value: meanwhile.title || '–',
                  })}
                </Text>
                <Text>
                  {t('problem.isNow', {
                    field: t('organization.branding.colour'),
                    value: meanwhile.colour || '–',
                  })}
                </Text>
                <Text>
                  {t('problem.isNow', {
                    field: t('organization.branding.mailText'),
                    value: meanwhile.mailText || '–',
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
            <Group gap="xs">
              <Button type="submit" loading={saving.isPending} data-testid="save-branding">
                {t('rooms.save')}
              </Button>
              {!isNothing(base) && (
                <Button variant="default" onClick={() => setAsked(true)} data-testid="reset-branding">
                  {t('organization.branding.reset')}
                </Button>
              )}
            </Group>
            {isAsked && (
              <DeletionQuestion
                text={t('organization.branding.confirmReset')}
                failure={null}
                isPending={saving.isPending}
                onConfirm={() => save(NONE)}
                onCancel={() => setAsked(false)}
              />
            )}
          </Stack>
        </form>
      </Paper>
      <BrandingPreview
        name={organization.data?.name ?? ''}
        title={fields.title.trim()}
        colour={colour}
        logo={fields.logo || (fields.logoUrl && `/client/branding/${me.companyId}/logo`)}
        mailText={fields.mailText.trim()}
      />
    </div>
  )
}

interface LogoFieldProps {
  logo: string
  logoUrl: string
  onChoose: (file: File | null) => void
  onRemove: () => void
}

function LogoField({ logo, logoUrl, onChoose, onRemove }: LogoFieldProps) {
  const { t } = useTranslation()
  return (
    <fieldset style={{ margin: 0, padding: 0, border: 0, minWidth: 0 }}>
      <Text component="legend" size="sm" fw={500}>
        {t('organization.branding.logo')}
      </Text>
      <Text size="xs" c="var(--sr-muted)" mb="xs">
        {t('organization.branding.logoHint')}
      </Text>
      <Stack gap="xs">
        {logo && (
          <div>
            <img
              src={logo}
              alt={t('organization.branding.chosenLogo')}
              className={classes.logo}
              data-testid="chosen-logo"
            />
          </div>
        )}
        {logoUrl && (
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {t('organization.branding.byAddress', { url: logoUrl })}
          </Text>
        )}
        <Group gap="xs">
          <FileButton
            onChange={onChoose}
            accept="image/png,image/jpeg,image/gif,image/webp,image/svg+xml"
            inputProps={{ 'aria-label': t('organization.branding.choose') }}
          >
            {props => (
              <Button
                {...props}
                variant="default"
                leftSection={<IconUpload size={16} aria-hidden />}
                data-testid="choose-logo"
              >
                {t('organization.branding.choose')}
              </Button>
            )}
          </FileButton>
          {(logo || logoUrl) && (
            <Button
              variant="subtle"
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={onRemove}
              data-testid="remove-logo"
            >
              {t('organization.branding.withoutLogo')}
            </Button>
          )}
        </Group>
      </Stack>
    </fieldset>
  )
}

function fieldsOf(branding: Branding): Fields {
  const { isShown, title, colour, logo, logoUrl, isInRooms, isAlone, mailText } = branding
  return { isShown, title, colour, logo, logoUrl, isInRooms, isAlone, mailText }
}

function isNothing(fields: Fields): boolean {
  const { isShown, title, colour, logo, logoUrl, mailText } = fields
  return !isShown && !title && !colour && !logo && !logoUrl && !mailText
}

/** Change to be sent: a logo only where it is another. */
function changeOf({ logo, logoUrl, ...wanted }: Fields, base: Branding) {
  const isSame = logo === base.logo && logoUrl === base.logoUrl
  return { ...wanted, ...(!isSame && { logo: logo ? base64Of(logo) : null }) }
}

function merged(mine: Fields, before: Fields, now: Fields): Fields {
  const pick = <K extends keyof Fields>(key: K): Pick<Fields, K> =>
    ({ [key]: mine[key] === before[key] ? now[key] : mine[key] }) as Pick<Fields, K>
  const ofLogo = mine.logo === before.logo && mine.logoUrl === before.logoUrl ? now : mine
  return {
    ...pick('isShown'),
    ...pick('title'),
    ...pick('colour'),
    ...pick('isInRooms'),
    ...pick('isAlone'),
    ...pick('mailText'),
    logo: ofLogo.logo,
    logoUrl: ofLogo.logoUrl,
  }
}

/** As a field of colours wants it. */
function sixDigits(colour: string): string {
  if (colour.length !== 4) return colour
  return `#${[...colour.slice(1)].map(one => one + one).join('')}`
}
