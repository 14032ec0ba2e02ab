/**
 * Functions of the schema `oracle`, in which the server tries inserts. Everything is undone, also the positions of the
 * sequences, which no rollback undoes.
 *
 * `oracle.doors` takes `[[schema, relation, column, program or null]]` and returns for each:
 *
 * - `sequences`: the names of the sequences that the insert draws from;
 * - `near`: what the next inserts do, the SQLSTATE of a failure or `ok`, as far as the first failure;
 * - `cut`: whether the next insert stores another number than the sequence returned, which a cast to `char(6)` does;
 * - `taken`: of the values in the column, those with which an insert fails if the sequence returns them next;
 * - `unfit`: those that its default does not accept.
 *
 * An insert counts as failing if it fails for any row of the table that has the value: with the same values in the
 * other columns.
 */
export const ORACLE = String.raw`
  drop schema if exists oracle cascade;
  create schema oracle;

  -- Runs a statement that may fail; returns why.
  create function oracle.attempt(statement text) returns text language plpgsql as $$
    begin
      execute statement;
      return null;
    exception when others then
      return sqlstate || ' ' || sqlerrm || ': ' || statement;
    end $$;

  create function oracle.attempt_all(statements text[]) returns setof text language plpgsql as $$
    declare statement text; failure text;
    begin
      set constraints all immediate;
      foreach statement in array statements loop
        failure := oracle.attempt(statement);
        if failure is not null then return next failure; end if;
      end loop;
    end $$;

  create type oracle.spot as (sequence regclass, last bigint, called boolean);

  create function oracle.spots(schema text) returns oracle.spot[] language plpgsql as $$
    declare each regclass; spot oracle.spot; found oracle.spot[] := '{}';
    begin
      for each in select c.oid from pg_class c where c.relkind = 'S'
        and c.relnamespace = to_regnamespace(quote_ident(schema)) loop
        execute format('select %L::regclass, last_value, is_called from %s', each, each) into spot;
        found := found || spot;
      end loop;
      return found;
    end $$;

  create function oracle.put(spots oracle.spot[]) returns void language sql as $$
    select setval(spot.sequence, spot.last, spot.called) from unnest(spots) spot $$;

  -- Inserts a row and keeps it. Returns its value, or fails.
  create function oracle.try(statement text, keep boolean, out state text, out value text) language plpgsql as $$
    begin
      execute statement into value;
      if not keep then raise exception using errcode = 'OK000', message = coalesce(value, ''); end if;
      state := 'ok';
    exception
      when sqlstate 'OK000' then state := 'ok'; value := sqlerrm;
      when others then state := sqlstate; value := sqlerrm;
    end $$;

  -- The insert beside given values of the other columns.
  create function oracle.insertion(relation text, c text, program text, others text) returns text language sql as $$
    select case when program is null
      then format('insert into %s (tenant, region, active%s) values (%s%s) returning %I::text', relation, second,
        others, nothing, c)
      else format(
        'insert into %s (%I, tenant, region, active%s) overriding system value '
          || 'values (nextval(%L), %s%s) returning %I::text',
        relation, c, second, program, others, nothing, c)
      end
    from (
      select case when has then ', second' else '' end as second, case when has then ', null' else '' end as nothing
      from (
        select exists (select from pg_attribute where attrelid = relation::regclass and attname = 'second') as has
      ) one
    ) extra $$;

  -- Whether an insert would fail beside any of the rows that have the value.
  create function oracle.beside(relation text, c text, program text, wanted text, fresh text, spots oracle.spot[])
  returns text language plpgsql as $$
    declare others text; tried record;
    begin
      for others in execute format(
        'select distinct format(''%%L, %%L, %%L'', tenant, region, active) from %s '
          || 'where trim(%I::text) = trim(%L) and (tenant, region, active) is distinct from (%s)',
        relation, c, wanted, fresh) loop
        perform oracle.put(spots);
        tried := oracle.try(oracle.insertion(relation, c, program, others), false);
        if tried.state in ('23505', '23P01') then return tried.state; end if;
      end loop;
      return 'ok';
    end $$;

  create function oracle.door(schema text, name text, c text, program_name text, draws int) returns json
  language plpgsql as $$
    declare
      relation text := format('%I.%I', schema, name);
      program text := case when program_name is not null then format('%I.%I', schema, program_name) end;
      before oracle.spot[] := oracle.spots(schema);
      fresh text := format('9999, %L, true', case when name like '% us' then 'us' else 'eu' end);
      tried record; here oracle.spot[];
      drawn regclass[] := '{}'; near text[] := '{}'; taken text[] := '{}'; unfit text[] := '{}';
      state text; wanted text; spot oracle.spot; cut boolean := false;
    begin
      set constraints all immediate;
      -- From their starts, all sequences can be drawn from.
      perform setval(s.seqrelid, s.seqstart, false) from pg_sequence s
      where s.seqrelid = any (select (unnest(before)).sequence);
      here := oracle.spots(schema);
      tried := oracle.try(oracle.insertion(relation, c, program, fresh), false);
      select coalesce(array_agg(a.sequence), '{}') into drawn
      from unnest(oracle.spots(schema)) a join unnest(here) b using (sequence)
      where a is distinct from b;
      if cardinality(drawn) = 1 then
        spot := (select b from unnest(before) b where b.sequence = drawn[1]);
        -- What the next inserts do.
        begin
          perform oracle.put(before);
          for number in 1..draws loop
            here := oracle.spots(schema);
            tried := oracle.try(oracle.insertion(relation, c, program, fresh), false);
            state := tried.state;
            if number = 1 and state = 'ok' and trim(tried.value) ~ '^-?[0-9]+([.][0-9]+)?$' then
              cut := trim(tried.value)::numeric <> currval(spot.sequence);
            end if;
            if state = 'ok' then
              if tried.value is not null then
                state := oracle.beside(relation, c, program, tried.value, fresh, here);
              end if;
              perform oracle.put(here);
              tried := oracle.try(oracle.insertion(relation, c, program, fresh), true);
              -- A sequence with a cache is further in its own row than in this session.
              perform setval(spot.sequence, currval(spot.sequence));
            end if;
            near := near || state;
            exit when state <> 'ok';
          end loop;
          raise exception using errcode = 'OK000', message = array_to_string(near, ',');
        exception when sqlstate 'OK000' then
          near := string_to_array(sqlerrm, ',');
        end;
        -- What a value that is there does.
        for wanted in execute format(
          'select own.held from (select distinct trim(%I::text) as held from %s) own, pg_sequence s '
            || 'where s.seqrelid = %s and own.held ~ %L '
            || 'and own.held::numeric between s.seqmin and s.seqmax limit 80',
          c, relation, drawn[1]::oid, '^-?[0-9]+([.]0+)?$') loop
          perform oracle.put(before);
          perform setval(drawn[1], wanted::numeric::bigint, false);
          here := oracle.spots(schema);
          tried := oracle.try(oracle.insertion(relation, c, program, fresh), false);
          state := tried.state;
          if state = 'ok' then state := oracle.beside(relation, c, program, wanted, fresh, here); end if;
          if state in ('22003', '22001') then unfit := unfit || wanted::numeric::bigint::text; end if;
          if state in ('23505', '23P01') then taken := taken || wanted::numeric::bigint::text; end if;
        end loop;
      end if;
      perform oracle.put(before);
      return json_build_object(
        'sequences', (select coalesce(json_agg(pc.relname), '[]') from unnest(drawn) d join pg_class pc on pc.oid = d),
        'near', near, 'cut', cut, 'taken', taken, 'unfit', unfit);
    exception when others then
      perform oracle.put(before);
      return json_build_object(
        'sequences', '[]'::json, 'near', '{}'::text[], 'cut', false, 'taken', '{}'::text[], 'unfit', '{}'::text[]);
    end $$;

  create function oracle.doors(given json, draws int) returns json language sql as $$
    select coalesce(json_agg(
      case when to_regclass(format('%I.%I', door->>0, door->>1)) is not null
        then oracle.door(door->>0, door->>1, door->>2, door->>3, draws) end order by place), '[]')
    from json_array_elements(given) with ordinality each (door, place) $$`;
