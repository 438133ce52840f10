import { Button } from '@mantine/core'
import i18next from 'i18next'
import { Component, type ReactNode } from 'react'
import { log } from '../log'
import { MessagePage } from './MessagePage'

/** Instead of an empty page when the program itself is wrong. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override componentDidCatch(error: unknown): void {
    log.error(error)
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <MessagePage
        isError
        title={i18next.t('crash.title')}
        text={i18next.t('crash.text')}
        actions={<Button onClick={() => window.location.reload()}>{i18next.t('crash.reload')}</Button>}
      />
    )
  }
}
