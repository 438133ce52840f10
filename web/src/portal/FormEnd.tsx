import { Alert, Button } from '@mantine/core'

interface FormEndProps {
  /** Sentence about what went wrong with the last try. */
  problem: string | null
  isPending: boolean
  /** Label of the button, and its test id. */
  label: string
  testId: string
}

/** The end of a form on a page of its own: what went wrong, and the button that sends it. */
export function FormEnd({ problem, isPending, label, testId }: FormEndProps) {
  return (
    <>
      {problem && (
        <Alert color="red" variant="light" role="alert" data-testid="error-message">
          {problem}
        </Alert>
      )}
      <Button type="submit" size="md" fullWidth loading={isPending} data-testid={testId}>
        {label}
      </Button>
    </>
  )
}
