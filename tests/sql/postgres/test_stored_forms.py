"""Definitions have one stored form exactly when PostgreSQL stores them alike: the server itself is asked."""

from __future__ import annotations

from itertools import combinations

import psycopg
import pytest

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.environment import PlainEnvironment
from miglint.schema.objects import Key, View
from miglint.schema.printed_texts import stored_text
from miglint.schema.spellings import Surroundings
from miglint.sql import postgres
from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.stored.definitions import StoredForm, stored_expression, stored_query

COLUMNS = {
    "a": "int", "s": "smallint", "big": "bigint", "n": "numeric(10, 2)", "r": "real", "d8": "float8", "f": "bool",
    "t": "text", "v": "varchar(20)", "c": "char(5)", "nm": "name", "j": "json", "jb": "jsonb", "d": "date",
    "ts": "timestamp", "tz": "timestamptz", "tm": "time", "iv": "interval", "u": "uuid", "by": "bytea", "ia": "int[]",
    "ta": "text[]", "e": "mood", "dom": "pos", "dt": "word", "ip": "inet", "rg": "int4range",
}  # fmt: skip
SETUP = (
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN pos AS int; CREATE DOMAIN word AS text;"
    f"CREATE TABLE t1 ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())});"
    "CREATE TABLE t2 (id int, w varchar(9), x numeric);"
)
CONDITIONS = r"""a = 5
a='5'
a = 5::int8
a='5'::int4
f='t'
f=true
f='t'::boolean
f = 'yes'
f
not f
a in (1,2)
a = any(array[1,2])
a = any('{1,2}')
big in (1,2)
big = any(array[1::bigint,2::bigint])
big in (1::int8,2)
a > -1
a > '-1'::integer
a > - 1
a > -(1)
r>0
r>0::float8
r>0.0
r>'0'
r > '0.0'::float4
r > '0'::float8
(a,s)=(1,2)
a=1 and s=2
(a=1 and s=2)
(a,s)<(1,2)
greatest(s,2)>1
greatest(s::int,2)>1
greatest(s,2::int2)>1
extract(year from d)>2000
extract(year from d)>2000::numeric
extract('year' from d) > 2000
date_part('year',d)>2000
date_part('year',d)>2000::float8
ts<'2020-01-01'
ts<'2020-01-01 00:00:00'::timestamp
ts<'2020-01-01'::date
ts < '2020-01-01'::timestamp
tz<'2020-01-01'
tz<'2020-01-01 00:00:00'
tz<'2020-01-01 00:00:00+00'
tz<'2020-01-01 01:00:00+01'
tz<'2020-01-01 00:00:00Z'
jb='{"a":1}'
jb='{"a": 1}'
jb = '{"a":1}'::jsonb
jb @> '{"a":1}'
jb @> '{"a": 1}'::jsonb
jb ? 'a'
jb->'a' = '1'
jb->>'a' = '1'
(jb->>'a')::int = 1
(jb->>'a')::int4 = '1'
jb = '{"a":1.0}'
jb='{"a":1.00}'
jb='{"b":2,"a":1}'
jb='{"a":1,"b":2}'
j->>'a' = 'x'
jb = '[1, 2]'
jb='[1,2]'
n = 1
n=1.0
n=1.00
n='1.0'
n='1.0'::numeric
n = 1::numeric
n > 1e2
n>100
n>100.0
n > '1e2'
n = .5
n = 0.5
t='a'
t='a'::text
t='a'::varchar
t = 'a'::varchar(3)
v='a'
v='a'::text
v='a'::varchar
v::text='a'
v::text = 'a'::text
v in ('a','b')
v = any(array['a','b'])
v::text = any(array['a'::text,'b'::text])
v::text = any ((array['a'::varchar,'b'::varchar])::text[])
v = any('{a,b}')
v = any('{"a", b}'::text[])
v::text = any('{a,b}'::text[])
v='a' or v='b'
c = 'a'
c='a  '
c = 'a'::bpchar
c='a'::char(5)
c = 'a'::text
c::text='a'
nm = 'a'
nm='a'::name
nm='a'::text
nm in ('a','b')
e='ok'
e = 'ok'::mood
e in ('ok','sad')
e = any(array['ok','sad']::mood[])
e = any('{ok,sad}')
e::text='ok'
dom > 5
dom > '5'
dom::int > 5
dom > 5::pos
dom in (1,2)
dt='x'
dt='x'::text
dt::text='x'
dt = 'x'::word
dt in ('x','y')
dt like 'x%'
d > '2020-01-01'
d>'2020-01-01'::date
d > date '2020-1-1'
d>'2020-01-01'::timestamp
d between '2020-01-01' and '2021-01-01'
d>='2020-01-01' and d<='2021-01-01'
iv > '1 day'
iv > '24 hours'
iv > interval '1 day'
iv > '1 day 00:00'
iv > '60 min'
iv > '01:00'
ts + '1 day' > now()
ts + interval '1 day' > now()
tz > now() - '1 day'::interval
iv > interval '90' minute
iv > '00:01:30'
u = '6ecd8c99-4036-403d-bf84-cf8400f67836'
u='6ECD8C99-4036-403D-BF84-CF8400F67836'::uuid
u='{6ecd8c994036403dbf84cf8400f67836}'
by = '\x41'
by='A'
by='\x4142'
by = 'AB'::bytea
ia = '{1,2}'
ia = '{1, 2}'
ia=array[1,2]
ia @> '{1}'
ia @> array[1]
ia && '{1,2}'::int[]
ia[1] = 2
ia || 1 = '{1}'
ta = '{}'
ta = array[]::text[]
'a' = any(ta)
cardinality(ta) > 0
array_length(ta,1) > 0
ta @> array['a']
ta @> '{a}'
ta @> array['a'::text]
ta @> array['a']::text[]
t like 'a%'
t ~~ 'a%'
t not like 'a%'
t ilike 'a'
v like 'a%'
v::text like 'a%'
v ~ '^a'
v ~ '^a'::text
t similar to 'a'
t like 'a' escape 'x'
lower(t)='a'
lower(v)='a'
lower(v::text)='a'
length(v)>3
length(v::text)>3
char_length(t)>3
position('a' in t)>0
substring(t from 1 for 2)='a'
substring(t,1,2)='a'
substr(t,1,2)='a'
trim(t)<>''
btrim(t)<>''
trim(both from t)<>''
t||'x'='y'
t || a = 'y'
v||'x'='y'
concat(t,'x')='y'
concat(t,'x'::text)='y'
coalesce(t,'')<>''
coalesce(v,'')<>''
coalesce(v,''::text)<>''
coalesce(v,''::varchar)<>''
coalesce(a,0)>0
coalesce(s,0)>0
coalesce(s,0::int)>0
coalesce(s::int,0)>0
coalesce(n,0)>0
coalesce(n,0::numeric)>0
coalesce(n,0.0)>0
coalesce(f,false)
coalesce(f,'f')
nullif(t,'')<>'a'
nullif(a,0)>1
nullif(n,0)>1
nullif(n,0::numeric)>1
a is null
a isnull
a is not distinct from 5
a is distinct from 5
a is distinct from null
a is distinct from '5'
not a is distinct from 5
f is true
f is not false
a between 1 and 2
a>=1 and a<=2
a not between 1 and 2
a<1 or a>2
a between symmetric 2 and 1
not (a between 1 and 2)
case when a>1 then 1 else 0 end>0
case when a>1 then 1 else '0' end>0
case a when 1 then 'x' else 'y' end='x'
case a when '1' then 'x' else 'y' end='x'
case s when 1 then n else 0 end>0
case s when 1 then n else 0::numeric end>0
case when f then 'x' end = 'x'
case when f then 'x' else null end = 'x'
case when f then 'x'::text end = 'x'
a+1>2
a + '1' > 2
s+1>2
s + 1::int2 > 2
big+1>2
big+1::bigint>2
n*1.5>2
n*2>2
n*2::numeric>2
a/2>1
a/2.0>1
a/2.0>1::numeric
r*2>1
d8*2>1
d8*2::float8>1
d8 * '2' > 1
a%2=0
a % '2'=0
mod(a,2)=0
abs(a)>1
abs(-5)>1
round(n,2)>1
round(n)>1
a::text='5'
s::text='5'
a::int8>5
a::numeric>5
a::numeric>5::numeric
a::float8 > 5
big::numeric > 5::numeric
a::bigint in (1,2)
a::bigint = any(array[1::bigint,2::bigint])
s::int > 5
s > 5
s > 5::int
s > '5'
s>5::int2
s > '5'::smallint
big > 5
big > 5::int8
big>'5'
big > 3000000000
a > 3000000000
n > 3000000000
big > '3000000000'
ip = '10.0.0.1'
ip='10.0.0.1/32'
ip << '10.0.0.0/8'
ip << inet '10.0.0.0/8'
rg @> 5
rg = '[1,5)'
rg='[1,4]'
rg && int4range(1,5)
rg && '[1,5)'
lower(rg) > 1
a in (1,a)
a = 1 or a = a
a in (1,2,s)
(a,s) in ((1,2),(3,4))
(a=1 and s=2) or (a=3 and s=4)
a not in (1,2)
a <> all(array[1,2])
not a in (1,2)
a in (5)
a not in (5)
a in (1,2.5)
n in (1,2)
n in (1,2.5)
n = any(array[1::numeric,2.5])
r in (1,2)
d8 in (1,2)
s in (1,2)
s in (1::int2,2::int2)
s = any('{1,2}')
s in ('1','2')
a in ('1','2')
a in ('1',2)
(a>1 and f) and t='x'
a>1 and (f and t='x')
a>1 and f and t='x'
(a>1 or f) or t='x'
a>1 or (f or t='x')
not(not f)
f = (a>1)
(a>1) = 't'
(a>1)='true'
t collate "C" > 'a'
t > 'a' collate "C"
current_date > d
now() > ts
now()::date>d
current_timestamp > tz
tz at time zone 'utc' > ts
timezone('utc',tz)>ts
date_trunc('day',ts)=ts
date_trunc('day',ts)=ts::timestamp
to_char(d,'YYYY')='2020'
a::bool
cast(a as text)='1'
text(a)='1'
jsonb_typeof(jb)='object'
jsonb_array_length(jb)>0
(jb->'a'->>'b') is not null
jb #>> '{a,b}' = 'x'
jb #>> array['a','b'] = 'x'
json_extract_path_text(j,'a','b')='x'
jsonb_extract_path_text(jb,'a')='x'
jb ?| array['a','b']
jb ?| '{a,b}'
num_nonnulls(a,t)=1
num_nonnulls(a,'x')=1
num_nonnulls(a,'x'::text)=1
row(a,s) is null
row(a,t)=row(1,'x')
row(a,t)<>row(1,'x')
(a,t) is distinct from (1,'x')
left(t,1)='a'
left(v,1)='a'
left(v::text,1)='a'
regexp_replace(t,'a','b')='c'
tm > '10:00'
tm>'10:00:00'
tm > time '10:00'
a & 1 = 1
a & '1' = 1
s & 1 = 1
big & 1 = 1
a # 1 > 0
- a < 1
+a > 1
@ a > 1
a ^ 2 > 1
a::int2 > 1
d + 1 > '2020-01-01'
d - d > 5
ts - ts > '1 day'
age(ts) > '1 day'
a > null
t = null
t is null
nullif(f,'t')
d8 = 'NaN'
n='NaN'
d8 > 1e10
d8 > 10000000000
d = 'infinity'""".splitlines()
QUERIES = r"""select r > 0 x from t1
select r > 0::float8 x from t1
select (r > 0) as x from t1
select t1.r > 0 x from t1
select q.r > 0 x from t1 q
select 'a' x
select 'a'::text x
select 'a'::varchar x
select 'a'::varchar(3) x
select 1 x
select '1'::int x
select 1::int8 x
select 1::int x
select null x
select null::text x
select null::int x
select f = 't' x from t1
select f = true x from t1
select extract(year from d) > 2000 x from t1
select extract(year from d) > 2000::numeric x from t1
select big in (1,2) x from t1
select big = any (array[1::bigint,2::bigint]) x from t1
select a > -1 x from t1
select a > '-1'::integer x from t1
select a from t1 where jb = '{"a":1}'
select a from t1 where jb = '{"a": 1}'
select a from t1 where j::text = '{"a": 1}'
select a from t1 where j::text = '{"a":1}'
select * from t2
select id,w,x from t2
select t2.id,t2.w,t2.x from t2
select t2.* from t2
select x from t2 order by x
select x from t2 order by 1
select x from t2 order by x asc
select x from t2 order by x asc nulls last
select x from t2 order by x desc
select x from t2 order by x desc nulls first
select x from t2 order by x desc nulls last
select x as y from t2 order by y
select x as y from t2 order by x
select x, count(*) from t2 group by x
select x, count(*) from t2 group by 1
select x, count(*) from t2 group by t2.x
select x, count(*) as count from t2 group by x having count(*) > 1
select x, count(*) from t2 group by x having count(*) > 1::int8
select x, count(*) from t2 group by x having count(*) > '1'
select distinct x from t2
select x from t2 limit 10
select x from t2 limit 10::int8
select x from t2 limit '10'
select x from t2 fetch first 10 rows only
select x from t2 limit 10 offset 5
select t1.a, t2.x from t1 join t2 on t1.a = t2.id
select t1.a, t2.x from t1 inner join t2 on (a = id)
select a, x from t1 join t2 on a = id
select a, x from t1, t2 where a = id
select a, x from t1 cross join t2
select a, x from t1 left join t2 on a = id
select a, x from t1 left outer join t2 on a = id and w = 'a'
select a, x from t1 left outer join t2 on a = id and w::text = 'a'::text
select a from t1 where exists (select 1 from t2 where id = a)
select a from t1 where exists (select 1 from t2 where t2.id = t1.a)
select a from t1 where exists (select '1' from t2 where t2.id = t1.a)
select a from t1 where a in (select id from t2)
select a from t1 where a = any (select id from t2)
select a from t1 where a = some (select t2.id from t2)
select a from t1 where s in (select id from t2)
select a from t1 where s::int in (select id from t2)
select a from t1 where a not in (select id from t2)
select a from t1 where not a in (select id from t2)
select a from t1 where a <> all (select id from t2)
select (select max(x) from t2) m
select (select max(x) from t2 where id = a) m from t1
select array(select id from t2) m
with q as (select id from t2) select id from q
with q(id) as (select id from t2) select id from q
with q as materialized (select id from t2) select id from q
with q as (select id from t2 where w = 'a') select q.id from q
with q as (select id from t2 where w::text = 'a'::text) select q.id from q
select id from (select id from t2) q
select q.id from (select id from t2) q
select q.id from (select id from t2) as q(id)
select id from t2 union select a from t1
select id from t2 union all select a from t1
select id from t2 union select 1
select id from t2 union select '1'
select x from t2 union select 1
select x from t2 union select 1::numeric
select 'a' as z union select 'b'
select 'a'::text as z union select 'b'::text
values (1),(2)
values (1),(2.5)
values (1::numeric),(2.5)
values ('a'),('b')
values ('a'::text),('b'::text)
select count(*) from t1
select count(1) from t1
select count(a) from t1
select count(distinct a) from t1
select sum(a) filter (where f) from t1
select sum(a) filter (where f = true) from t1
select string_agg(t, ',') from t1
select string_agg(t, ','::text) from t1
select string_agg(t, ',' order by a) from t1
select array_agg(a order by a desc) from t1
select row_number() over (order by a) from t1
select row_number() over (order by a asc) from t1
select row_number() over (partition by t order by a) from t1
select sum(a) over w from t1 window w as (order by a)
select lag(a) over (order by a) from t1
select lag(a,1) over (order by a) from t1
select coalesce(a,0) c from t1
select coalesce(s,0) c from t1
select coalesce(s,0::int) c from t1
select coalesce(t,'') c from t1
select coalesce(v,'') c from t1
select coalesce(v,''::varchar) c from t1
select coalesce(v,''::text) c from t1
select case when f then 'a' else 'b' end c from t1
select case when f then 'a'::text else 'b'::text end c from t1
select case when f then 'a' end c from t1
select case when f then 'a' else null end c from t1
select a::text c from t1
select a::varchar c from t1
select a::varchar(5) c from t1
select v::text c from t1
select v c from t1
select v::varchar c from t1
select v::varchar(5) c from t1
select n::numeric(5,1) c from t1
select n::numeric c from t1
select n c from t1
select round(n,2) c from t1
select now() c
select current_timestamp c
select t || 'x' c from t1
select t || 'x'::text c from t1
select a || 'x' c from t1
select concat(a,'x') c from t1
select jb->>'a' c from t1
select jb->>'a'::text c from t1
select (jb->>'a')::int c from t1
select (jb->'a')->>'b' c from t1
select jb->'a'->>'b' c from t1
select jb #>> '{a,b}' c from t1
select generate_series(1,2) c
select g from generate_series(1,2) g
select g.g from generate_series(1,2) g
select g.g from generate_series(1,2) as g(g)
select unnest(ia) from t1
select a.id from t2 a join t2 b using (id)
select id from t2 a join t2 b using (id)
select id from t2 natural join (select id from t2) q
select tz::date from t1
select (tz at time zone 'utc')::date c from t1
select date_trunc('day', ts) c from t1
select date_trunc('day'::text, ts) c from t1
select ts + '1 day' c from t1
select ts + '1 day'::interval c from t1
select ts - interval '24:00' c from t1
select 1.0 c
select 1.00 c
select '1.0'::numeric c
select 1.0::float8 c
select '1'::float8 c
select 'a' = 'b' c
select 'a' in ('b','c') c
select 1 in (1,2) c
select a from t1 where t in ('a','b') and v in ('a','b')
select a from t1 where t = any(array['a','b']) and v::text = any(array['a','b'])
select a from t1 where a between 1 and 2 and f
select a from t1 where a >= 1 and a <= 2 and f
select a from t1 where e = 'ok'
select a from t1 where e = 'ok'::mood
select e::text from t1
select lower(v) c from t1
select lower(v::text) c from t1
select greatest(s,2) c from t1
select greatest(s::int,2) c from t1
select a c, b.id from t1, lateral (select id from t2 where id = a) b
select a c, b.id from t1 cross join lateral (select id from t2 where t2.id = t1.a) b
select a from t1 group by a order by count(*)
select a from t1 group by a order by count(*) desc
select sum(a) s from t1 group by rollup(t)
select sum(a) s from t1 group by grouping sets ((t),())
select json_build_object('a', a) c from t1
select json_build_object('a'::text, a) c from t1
select jsonb_build_object('a', 'b') c
select jsonb_build_object('a', 'b'::text) c""".splitlines()

SCHEMA = run(empty_schema(Dialect.POSTGRES, closed=True), postgres.parse(SETUP)).schema
ENVIRONMENT = PlainEnvironment(SCHEMA)
OWN = ENVIRONMENT.relation(Name(None, "t1"))


@pytest.fixture
def made(connection: psycopg.Connection) -> psycopg.Connection:
    connection.execute("SET TimeZone = 'Europe/Berlin'")
    connection.execute(SETUP.encode())
    return connection


def printed(connection: psycopg.Connection, statement: str, question: str) -> str:
    """Return what the catalog says of what a statement makes."""
    with connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def of_condition(text: str) -> StoredForm:
    found = stored_expression(ENVIRONMENT, text, OWN, "bool")
    assert found is not None, text
    return found


def of_query(text: str) -> StoredForm:
    """Return the form of the query of a view, with the names of the view's columns."""
    found = stored_query(ENVIRONMENT, text)
    assert found is not None, text
    view = run(SCHEMA, postgres.parse(f"CREATE VIEW k AS {text}")).schema.find(Key("relation", "public", "k"))
    assert isinstance(view, View)
    return found._replace(form=(view.columns, found.form))


def test_conditions_have_one_form_exactly_when_they_are_stored_alike(made: psycopg.Connection) -> None:
    kinds = {name: None if OWN is None or OWN.columns is None else OWN.columns[name] for name in COLUMNS}
    question = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'k'"
    texts = {
        text: stored_text(
            printed(made, f"ALTER TABLE t1 ADD CONSTRAINT k CHECK ({text})", question), Surroundings(kinds.get)
        )
        for text in CONDITIONS
    }
    assert_forms_are_right(texts, {text: of_condition(text) for text in CONDITIONS})


def test_queries_have_one_form_exactly_when_they_are_stored_alike(made: psycopg.Connection) -> None:
    question = (
        "SELECT pg_get_viewdef('k'::regclass) || array_agg(attname ORDER BY attnum)::text"
        " FROM pg_attribute WHERE attrelid = 'k'::regclass"
    )
    texts = {text: stored_text(printed(made, f"CREATE VIEW k AS {text}", question)) for text in QUERIES}
    assert_forms_are_right(texts, {text: of_query(text) for text in QUERIES})


def assert_forms_are_right(texts: dict[str, str], forms: dict[str, StoredForm]) -> None:
    """Compare each two definitions by what the server prints of them and by their forms."""
    alike = 0
    for one, two in combinations(texts, 2):
        left, right = forms[one], forms[two]
        if texts[one] == texts[two]:
            alike += 1
            assert left.form == right.form or not (left.sure and right.sure), (one, two)
        else:
            assert left.form != right.form, (one, two)
    assert alike > 50
    assert sum(form.sure for form in forms.values()) > 0.95 * len(forms)
