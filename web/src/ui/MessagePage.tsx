import { Group, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { PageFrame, useHeadingFocus } from './PageFrame'

interface MessagePageProps {
  title: string
  text?: ReactNode
  /** Says why one cannot go on, rather than just what happened. */
  isError?: boolean
  actions?: ReactNode
  /** Contents that belong to the message, between the text and the actions. */
  children?: ReactNode
}

/** A page that says one thing and offers what to do next. */
export function MessagePage({ title, text, isError = false, actions, children }: MessagePageProps) {
  const heading = useHeadingFocus()
  return (
    <PageFrame title={title} width={34} centred card>
      <Stack gap="lg">
        <div {...(isError && { role: 'alert', 'data-testid': 'error-message' })}>
          <Title ref={heading} tabIndex={-1} order={1} size="h2" mb="xs">
            {title}
          </Title>
          {text && <Text c="var(--sr-muted)">{text}</Text>}
        </div>
        {children && <div>{children}</div>}
        {actions && <Group>{actions}</Group>}
      </Stack>
    </PageFrame>
  )
}
