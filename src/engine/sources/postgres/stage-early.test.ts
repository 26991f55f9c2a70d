import { test } from 'node:test'
import assert from 'node:assert/strict'
import { tablesOf } from './stage-early.ts'

test('plain indexes and keys are known by their text, and whatever may run a function is left for later', () => {
  const head = '-- Name: x; Type: INDEX; Schema: public; Owner: y\n--\n\n'
  for (const [sql, tables] of [
    ['CREATE INDEX i ON public.t USING btree (a, b DESC NULLS LAST);', ['"public"."t"']],
    ['CREATE UNIQUE INDEX "I x" ON "W s"."Tab""le" USING hash (a) INCLUDE (c);', ['"W s"."Tab""le"']],
    ['ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (a);\n\nALTER TABLE public.t CLUSTER ON t_pkey;', ['"public"."t"']],
    ['ALTER TABLE ONLY a.t\n    ADD CONSTRAINT f FOREIGN KEY (x, y) REFERENCES b.u(x, y) ON DELETE CASCADE;', ['"a"."t"', '"b"."u"']],
    ['CREATE INDEX i ON public.t USING btree (lower(a));', undefined],
    ['CREATE INDEX i ON public.t USING btree (a) WHERE (a > 0);', undefined],
    ['CREATE INDEX i ON public.t USING btree (a) WHERE public.is_due(a);', undefined],
    ['CREATE INDEX i ON public.t USING btree (a) WHERE is_open;', ['"public"."t"']],
    ['CREATE INDEX i ON public.t USING btree (a) WHERE (NOT "is open");', ['"public"."t"']],
    ['CREATE INDEX i ON public.t USING btree (a) WHERE (a IS NOT NULL);', ['"public"."t"']],
    ['CREATE INDEX i ON public.t USING btree (a) WHERE ((a IS NULL) AND public.is_due(a));', undefined],
    ['ALTER TABLE a.root\n    ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES b.u(x);', ['"a"."root"', '"b"."u"']],
    ['CREATE INDEX i ON ONLY public.t USING btree (a);', undefined],
    ['ALTER TABLE ONLY public.t\n    ADD CONSTRAINT e EXCLUDE USING gist (a WITH =);', undefined],
  ] as const) {
    assert.deepEqual(tablesOf(head + sql), tables, sql)
  }
})
