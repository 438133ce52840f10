import { NativeSelect, Stack, Text, Title } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { navigate, useHash } from '../route/hash'
import { PageFrame } from '../ui/PageFrame'
import classes from './DocsPage.module.css'
import { DOCUMENTS, documentIn, NAMES } from './documents'

// Larger than all other pages together.
const SwaggerUi = lazy(() => import('./SwaggerUi'))

export function DocsPage() {
  const { t } = useTranslation()
  const chosen = documentIn(useHash())
  return (
    <PageFrame title={t('docs.title')} width={90}>
      <Stack gap="md">
        <div>
          <Title order={1} size="h2">
            {t('docs.title')}
          </Title>
          <Text c="var(--sr-muted)">{t('docs.lead')}</Text>
        </div>
        <NativeSelect
          label={t('docs.choice')}
          data-testid="document-choice"
          value={chosen}
          onChange={event => navigate(`#${event.currentTarget.value}`)}
          data={NAMES.map(name => ({ value: name, label: t(DOCUMENTS[name].label) }))}
          className={classes.choice}
        />
        <div className={classes.document}>
          <Suspense fallback={<Text>{t('common.loading')}</Text>}>
            <SwaggerUi key={chosen} url={DOCUMENTS[chosen].url} />
          </Suspense>
        </div>
      </Stack>
    </PageFrame>
  )
}
