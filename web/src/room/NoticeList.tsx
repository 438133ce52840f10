import { ActionIcon, Indicator, Popover, Text } from '@mantine/core'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconBell } from '../ui/icons'
import { useStore } from '../ui/store'
import classes from './Notices.module.css'
import type { NoticeBoard } from './noticeBoard'
import { noticeText } from './noticeText'

/** Notices of this room, newest first, behind a bell; nothing while there are none. */
export const NoticeList = memo(function NoticeList({ board }: { board: NoticeBoard }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { list, unread } = useStore(board.state)
  if (!list.length) return null
  const change = (opened: boolean) => {
    setOpen(opened)
    board.read()
  }
  return (
    <Popover
      opened={open}
      onChange={change}
      position="bottom-end"
      shadow="md"
      width={320}
      trapFocus
      withRoles
    >
      <Indicator label={unread} size={16} offset={4} disabled={!unread}>
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            className={classes.bell}
            aria-label={
              unread ? `${t('notice.list')}, ${t('notice.unread', { count: unread })}` : t('notice.list')
            }
            onClick={() => change(!open)}
            data-testid="open-notices"
          >
            <IconBell size={20} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown aria-label={t('notice.list')}>
        <ol className={classes.list} data-testid="notice-list" tabIndex={-1} data-autofocus>
          {list.toReversed().map(notice => (
            <Text component="li" size="sm" key={notice.number}>
              {noticeText(t, notice)}
            </Text>
          ))}
        </ol>
      </Popover.Dropdown>
    </Popover>
  )
})
