import { Kbd, Modal, Table, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

const KEYS = [
  ['M', 'microphone'],
  ['V', 'camera'],
  ['S', 'screen'],
  ['H', 'hand'],
  ['C', 'chat'],
  ['P', 'participants'],
  ['?', 'help'],
  ['Esc', 'escape'],
] as const

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      centered
    >
      <Table>
        <Table.Tbody>
          {KEYS.map(([key, action]) => (
            <Table.Tr key={key}>
              <Table.Td w={64}>
                <Kbd>{key}</Kbd>
              </Table.Td>
              <Table.Td>{t(`shortcuts.${action}`)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="var(--sr-muted)" mt="sm">
        {t('shortcuts.hint')}
      </Text>
    </Modal>
  )
}
