import { Accordion, ScrollArea, Table, Text } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { Fragment } from 'react'
import { mayRole, roles, type Permission } from '#contract/permissions.ts'
import { permissionGroups, roleWords } from '#ui/roles.ts'

/** The permission matrix itself, in words: what the gate looks up is what is shown. */
export function RoleGuide() {
  return (
    <Accordion variant="contained">
      <Accordion.Item value="guide">
        <Accordion.Control>
          <Text fw={650}>What each role may do</Text>
        </Accordion.Control>
        <Accordion.Panel>
          <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'What each role may do' }}>
            <Table aria-label="What each role may do" miw={640}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>May</Table.Th>
                  {roles.map((role) => (
                    <Table.Th key={role} ta="center">
                      {roleWords[role].title}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {permissionGroups.map(({ title, permissions }) => (
                  <Fragment key={title}>
                    <Table.Tr>
                      <Table.Th colSpan={roles.length + 1} scope="colgroup">
                        {title}
                      </Table.Th>
                    </Table.Tr>
                    {Object.entries(permissions).map(([permission, words]) => (
                      <MatrixRow key={permission} permission={permission as Permission} words={words} />
                    ))}
                  </Fragment>
                ))}
              </Table.Tbody>
            </Table>
          </ScrollArea>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}

function MatrixRow({ permission, words }: { readonly permission: Permission; readonly words: string }) {
  return (
    <Table.Tr>
      <Table.Td>{words}</Table.Td>
      {roles.map((role) => (
        <Table.Td key={role} ta="center">
          {mayRole(role, permission) ? <IconCheck size={16} aria-label="yes" /> : <span className="visually-hidden">no</span>}
        </Table.Td>
      ))}
    </Table.Tr>
  )
}
