-- $<this> is a comment, and stays as it is.
insert into orders (id, tenant, note)
values ($<nextval(orderSeq)>, $<tenant>, $<note>)
returning id, note, 'so does $<this>' as text
