import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { systemSettingsSchema } from '#base/settings.ts'

/** Tables of every kind that one patient may be in. */
export const oddClinic = await readFile(path.join(import.meta.dirname, '../cases/odd-clinic.sql'), 'utf8')

export const oddSettings = systemSettingsSchema.parse({
  entities: { kinds: { patient: { schema: 'Cl in"ic', table: 'Patient', key: 'MRN' } } },
})

/** The seventh patient, whom nobody names as a friend once `unfriended` has run. */
export const seventh = `M'"\\7`

/** To stand before statements about the clinic; `seven` is the key of the seventh patient. */
export const inOddClinic = `set search_path = "Cl in""ic", public;
  create temporary view seven as select "Pid" from "Patient" where "MRN" = $$${seventh}$$;`

/** Without the row that the trigger, which always fires, would leave in the log. */
export const quietly = (sql: string) => `alter table "Patient" disable trigger aud; ${sql} alter table "Patient" enable always trigger aud;`

export const unfriended = `${inOddClinic} ${quietly('update "Patient" set best_friend = null where best_friend in (table seven);')}`

export const deleted = quietly(`begin; set row_security = off;
  delete from obs where visit_id in (select id from visit where patient in (table seven));
  delete from booking where patient in (table seven);
  delete from base_event where patient in (table seven);
  delete from rls_note where patient in (table seven);
  delete from ruled where patient in (table seven);
  create temporary table gone as table seven; delete from "Patient" where "Pid" in (table gone); commit;`)
