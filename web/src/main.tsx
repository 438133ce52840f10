import '@mantine/core/styles.css'
import './styles.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { isUnreachable } from './api/client'
import { startI18n } from './i18n'
import { hideLinkKeys } from './route/linkKeys'
import { cssVariables, theme } from './theme'
import { ErrorBoundary } from './ui/ErrorBoundary'

startI18n()
hideLinkKeys()

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal does not get better by asking again.
      retry: (failures, error) => failures < 3 && isUnreachable(error),
      staleTime: 10_000,
    },
  },
})

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
          <ErrorBoundary>
            <App />
          </ErrorBoundary>
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
}
