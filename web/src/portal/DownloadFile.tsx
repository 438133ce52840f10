import { Alert, Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { IconDownload } from '../ui/icons'
import { isSecondClick } from '../ui/secondClick'
import { problemText } from './problemText'
import { saveFile } from './saveFile'

interface DownloadFileProps {
  /** What is in the file: in the button's name for tests, and of one kind there is one at a time. */
  of: string
  label: string
  make: () => Promise<{ name: string; text: string }>
}

/** Makes a file for spreadsheets, of what is loaded for it. */
export function DownloadFile({ of, label, make }: DownloadFileProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const mutationKey = [`${of}-file`]
  const making = useMutation({
    mutationKey,
    mutationFn: make,
    onSuccess: ({ name, text }) => saveFile(name, text),
  })
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
        loading={making.isPending}
        onClick={event => {
          // The second click of two comes before the button is drawn as busy, or when the file is there already.
          if (!isSecondClick(event) && !queries.isMutating({ mutationKey })) making.mutate()
        }}
        data-testid={`download-${of}`}
      >
        {label}
      </Button>
      {making.error && (
        <Alert color="red" role="alert" data-testid="error-message">
          {problemText(t, making.error)}
        </Alert>
      )}
    </>
  )
}
