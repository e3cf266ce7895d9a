{# The census of a database, as a template: each fact is a query that gives (who, line).

   A fact is written in words that both ends of a move share: a log entry is about alice's account
   or alice's person, not about key 17 of content type 9. What the target has no place for is looked
   for in the archive. `variant` is whose database it is, `source` and `target` are the two ends,
   `tables` those that the database has, `rule` the one for users with several records. Each row of
   a table that no fact names is counted by a hash of all that no move translates. #}
{% set users = users_table(variant) %}
{% set label = user_label(variant) %}
{% set nothing = "SELECT NULL::text, NULL::text WHERE false" %}
{# models of the source that the target has not; and those whose objects get other keys #}
{% set folded = models[source] | reject("in", models[target]) | list %}
{% set waiting = folded if folded or source == target else models[source] | select("in", models[target]) | list %}
{% set loses_people = "person" in models[source] and "person" not in models[target] %}
{# what both ends call it: a player, or a person that one of them lacks, is an account #}
{% macro word(model) %}{{ model if model in models[source] and model in models[target] else "account" }}{% endmacro %}
{% macro details(it) %}
coalesce({{ it }}.birthdate::text, '-'), coalesce({{ it }}.discord_id, '-'), coalesce({{ it }}.zoom_id, '-')
{%- endmacro %}
{% set action = "regexp_replace(codename, '_(user|player|person)$', '')" %}
{# who holds which permission: users by name, groups by theirs #}
{% macro holders() %}
(SELECT username AS who, 'user' AS kind, permission_id
 FROM {{ users }}_user_permissions JOIN {{ users }} ON {{ users }}.id = user_id
 UNION ALL
 SELECT name, 'group', permission_id
 FROM auth_group_permissions JOIN auth_group ON auth_group.id = group_id) AS held
JOIN auth_permission ON auth_permission.id = permission_id
JOIN django_content_type ON django_content_type.id = content_type_id
{%- endmacro %}
{# FROM: a table that names objects by content type and key, joined with what and whose #}
{% macro about(table, column="content_type_id") %}
{{ table }} AS it LEFT JOIN django_content_type AS type ON type.id = it.{{ column }}
LEFT JOIN (
    SELECT id::text AS key, username, '{{ label }}' AS label, 'account' AS what FROM {{ users }}
    UNION ALL SELECT id::text, username, 'players.player', '{{ word("player") }}' FROM {{ users }}
    {% if variant in keys %}
    UNION ALL SELECT {{ keys[variant] }}::text, username, 'players.person', '{{ word("person") }}'
        FROM person JOIN {{ users }} ON {{ users }}.id = user_id
    {% endif %}
) AS object ON object.label = concat(type.app_label, '.', type.model)
    AND object.key = it.object_id::text
{%- endmacro %}
{# what an object is called: when one is back where one was, the content type itself #}
{% set type = "concat(app_label, '.', type.model)" %}
{% set named = type if source == target else "CASE WHEN what IS NOT NULL THEN what WHEN type.id IS NULL OR " ~ type ~ " IN ('auth.user', 'players.user', 'players.player', 'players.person') THEN 'gone' ELSE " ~ type ~ " END" %}
{% set whose = "coalesce(object.username, it.object_id::text)" %}

-- users
SELECT username, concat_ws('|', id, md5(password), email, first_name, last_name, is_staff, is_superuser,
    is_active, date_joined, last_login) FROM {{ users }}

-- extra fields
{# each user's one record, of several the one that the rule chooses; written otherwise than the
   migration has it, so that one checks the other: by windows, as the archive has no index by which
   to look for each user's other records #}
{% if variant == "proxy_model" and "archive.person" not in tables %}
{{ nothing }}
{% else %}
SELECT username, concat_ws('|', {{ details("it") }})
FROM (
    {% set person = "archive.person" if variant == "proxy_model" else "person" %}
    {% if variant == "custom_user" %}
    SELECT id AS user_id, {{ extra_fields|join(", ") }} FROM players_user
    {% elif variant == "profile_onetoone" %}
    SELECT * FROM person
    {% elif rule == "fill" %}
    SELECT DISTINCT user_id,
    {% for name in extra_fields %}
        first_value({{ name }}) OVER (PARTITION BY user_id
            ORDER BY {{ name }} IS NULL, person_id DESC NULLS LAST) AS {{ name }}{{ "" if loop.last else "," }}
    {% endfor %}
    FROM {{ person }}
    {% else %}
    SELECT * FROM (SELECT *, row_number() OVER (
        PARTITION BY user_id ORDER BY person_id DESC NULLS LAST) AS nth FROM {{ person }}) AS it
    WHERE nth = 1
    {% endif %}
) AS it JOIN {{ users }} AS users ON users.id = user_id
WHERE num_nonnulls(it.birthdate, it.discord_id, it.zoom_id) > 0
{% endif %}

-- permissions
{# who may do what to what; a permission for a person that one end lacks is not compared, but for
   the way from a custom user to a Person: who could change these columns still can #}
SELECT DISTINCT who, concat_ws('|', kind,
{% if source == target %}
    concat(app_label, '.', model, '.', codename)
{% else %}
    CASE concat(app_label, '.', model)
        WHEN '{{ label }}' THEN concat('account.', {{ action }})
        WHEN 'players.player' THEN concat('account.', {{ action }})
        WHEN 'players.person' THEN concat('person.', {{ action }})
        ELSE concat(app_label, '.', model, '.', codename) END
{% endif %}
) FROM {{ holders() }}
{% if loses_people and source != target %}
WHERE model <> 'person'
{% endif %}
{% if variant == "custom_user" and source == "custom_user" and "person" in models[target] %}
UNION SELECT who, concat_ws('|', kind, concat('person.', {{ action }}))
FROM {{ holders() }} WHERE model = 'user'
{% endif %}

-- log entries
{# who did what to whom; of an object that is gone, only that it is #}
SELECT staff.username, concat_ws('|', it.id, action_time, object_repr, action_flag,
    change_message, {{ named }}, {{ whose }})
FROM {{ about("django_admin_log") }}
JOIN {{ users }} AS staff ON staff.id = it.user_id

-- sessions
SELECT NULL, concat_ws('|', md5(session_key), expire_date) FROM django_session

-- migrations of other apps
SELECT NULL, concat_ws('|', app, name) FROM django_migrations WHERE app <> 'players'

{% if source == "foreignkey" %}
-- profile rows
{# where there is one record for each user, they are in the archive #}
{% set person = "person" if variant == "foreignkey" else "archive.person" %}
{% if person == "archive.person" and person not in tables %}
{{ nothing }}
{% else %}
SELECT username, concat_ws('|', person_id, {{ details("it") }})
FROM {{ person }} AS it JOIN {{ users }} AS users ON users.id = user_id
{% endif %}
{% elif source == "profile_onetoone" and target in keys %}
-- profile rows
SELECT username, concat_ws('|', {{ details("it") }})
FROM person AS it JOIN {{ users }} AS users ON users.id = user_id
{% elif source == "profile_onetoone" %}
-- users without a profile row
{% if variant in keys %}
SELECT username, NULL FROM {{ users }} AS users
WHERE NOT EXISTS (SELECT FROM person WHERE user_id = users.id)
{% elif "archive.without_person" in tables %}
SELECT username, NULL FROM archive.without_person JOIN {{ users }} AS users ON users.id = user_id
{% else %}
{{ nothing }}
{% endif %}
{% endif %}

{% if loses_people %}
-- permissions in the archive
{# who held which permission for a person: where there is none, it waits in the archive #}
{% if "person" in models[variant] %}
SELECT who, concat_ws('|', kind, {{ action }}) FROM {{ holders() }} WHERE model = 'person'
{% elif "archive.holder" not in tables %}
{{ nothing }}
{% else %}
SELECT coalesce(username, name),
    concat_ws('|', CASE WHEN username IS NULL THEN 'group' ELSE 'user' END, action)
FROM archive.holder
LEFT JOIN {{ users }} ON {{ users }}.id = holder AND grants LIKE '%user_permissions'
LEFT JOIN auth_group ON auth_group.id = holder AND grants LIKE '%group_permissions'
WHERE label = 'players.person' AND side = 'old'
{% endif %}
{% endif %}

{% if "world_guild" in tables %}
-- generic relations
SELECT object.username, concat_ws('|', it.id, text, {{ named }}, {{ whose }})
FROM {{ about("world_note") }}
{% endif %}

{# all other tables #}
{% set known = ["person", "auth_group_permissions", "auth_permission", "django_content_type"] %}
{% set known = known + ["django_migrations", "django_session", "django_admin_log", "world_note"] %}
{% set known = known + [users, users ~ "_user_permissions"] + archive %}
{% for table, translated in tables.items() if table not in known %}
-- rows of {{ table | replace(users, "users") }}
SELECT NULL, md5((to_jsonb(it) - '{ {{- translated | join(", ") -}} }'::text[])::text) FROM {{ table }} AS it

{% if "object_id" in translated %}
-- generic relations of {{ table }}
SELECT object.username, concat_ws('|', md5((to_jsonb(it) - '{ {{- translated | join(", ") -}} }'::text[])::text), {{ named }}, {{ whose }})
FROM {{ about(table, translated | reject("eq", "object_id") | first) }}

{% endif %}
{% endfor %}

{% if waiting %}
-- references in the archive
{# the content types that are folded, their permissions, and what pointed at their objects #}
{% for model in waiting %}
{% if variant == source %}
    {% for table, translated in tables.items() if "object_id" in translated %}
    SELECT NULL, concat_ws('|', 'reference', '{{ table }}', object_id) FROM {{ table }}
    JOIN django_content_type AS type ON type.id = {{ translated | reject("eq", "object_id") | first }}
    WHERE (app_label, model) = ('players', '{{ model }}')
    UNION ALL
    {% endfor %}
    {% if model in folded %}
    SELECT NULL, concat_ws('|', 'permission', content_type_id, it.id, name, codename)
    FROM auth_permission AS it JOIN django_content_type AS type ON type.id = content_type_id
    WHERE (app_label, model) = ('players', '{{ model }}')
    {% else %}
    {{ nothing }}
    {% endif %}
{% else %}
    {% if "archive.reference" in tables %}
    {# Translate, the other way round, writes them down under the second label #}
    SELECT NULL, concat_ws('|', 'reference', rel, object) FROM archive.reference
    WHERE label IN ('players.{{ model }}', 'players.{{ model }}, back')
    UNION ALL
    {% endif %}
    {% if model in folded and "archive.permission" in tables and "archive.content_type" in tables %}
    SELECT NULL, concat_ws('|', 'permission', type.id, it.id, name, codename)
    FROM archive.permission AS it JOIN archive.content_type AS type USING (label)
    WHERE label = 'players.{{ model }}'
    {% else %}
    {{ nothing }}
    {% endif %}
{% endif %}
{{ "UNION ALL" if not loop.last }}
{% endfor %}
{% endif %}

{% if source != target and "custom_user" in (source, target) %}
-- names in the archive
{# of the users' tables, and of what points at them; the former ones wait in the archive #}
SELECT NULL, {{ "coalesce(old, its.name)" if variant == target and "archive.name" in tables else "its.name" }} FROM (
    SELECT conname::text AS name FROM pg_constraint AS own WHERE conparentid = 0
        AND (conrelid::regclass::text LIKE '{{ users }}%' OR confrelid = '{{ users }}'::regclass)
        AND conrelid IS DISTINCT FROM to_regclass('person')
    UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid::regclass::text LIKE '{{ users }}%'
    UNION SELECT oid::regclass::text FROM pg_class
        WHERE relkind = 'S' AND pg_class.relname LIKE '{{ users }}%'
) AS its
{% if variant == target and "archive.name" in tables %}LEFT JOIN archive.name AS was ON new = its.name{% endif %}

{% endif %}
