import { Kbd, Modal, Switch, Table, Text } from '@mantine/core'
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

interface ShortcutsDialogProps {
  singleKeys: boolean
  onSingleKeys: (on: boolean) => void
  onClose: () => void
}

/** The keys that do something in the room, and the switch that they can be turned off with. */
export function ShortcutsDialog({ singleKeys, onSingleKeys, onClose }: ShortcutsDialogProps) {
  const { t } = useTranslation()
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      centered
    >
      <Switch
        checked={singleKeys}
        onChange={event => onSingleKeys(event.currentTarget.checked)}
        label={t('shortcuts.single')}
        description={t('shortcuts.singleHint')}
        mb="sm"
        data-testid="single-keys"
      />
      <Table>
        <Table.Tbody>
          {KEYS.map(([key, action]) => (
            <Table.Tr key={key} c={singleKeys || key === 'Esc' ? undefined : 'var(--sr-muted)'}>
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
