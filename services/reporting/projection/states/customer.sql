-- A customer since its registration. Of a profile field, the last event that changed or cleared it counts. Of the stated
-- last contacts, the latest one since the field was cleared counts, and the earliest one may be before the registration.
WITH told AS (
    SELECT key, position, occurred_at, data, event,
        CASE event WHEN 'profile-changed' THEN data END AS profile,
        -- Whom an event makes a helper, or no longer a helper. A new owner is no longer a helper.
        CASE
            WHEN event = 'owner-assigned' THEN data ->> 'owner_id'
            WHEN event IN ('helper-added', 'helper-removed') THEN data ->> 'employee_id'
        END COLLATE "C" AS helper
    FROM (SELECT *, split_part(type, '.', 3) AS event FROM facts) AS named
    -- OFFSET keeps these columns from being calculated again for every use of them.
    OFFSET 0
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event = 'registered') OVER customer AS registered,
        max(position) FILTER (WHERE event IN ('registered', 'renamed')) OVER customer AS named,
        max(position) FILTER (WHERE event IN ('registered', 'stage-changed')) OVER customer AS staged,
        max(position) FILTER (WHERE event = 'owner-assigned') OVER customer AS assigned,
        max(position) FILTER (WHERE event IN ('merged', 'unmerged')) OVER customer AS merged,
        max(position) FILTER (WHERE profile ->> 'need_type' IS NOT NULL OR profile -> 'cleared' ? 'need_type')
            OVER customer AS need_typed,
        max(position) FILTER (WHERE profile ->> 'industry' IS NOT NULL OR profile -> 'cleared' ? 'industry')
            OVER customer AS industry_set,
        max(position) FILTER (WHERE profile ->> 'region' IS NOT NULL OR profile -> 'cleared' ? 'region')
            OVER customer AS region_set,
        max(position) FILTER (WHERE profile ->> 'work_status' IS NOT NULL OR profile -> 'cleared' ? 'work_status')
            OVER customer AS work_status_set,
        max(position) FILTER (
            WHERE profile ->> 'last_contacted_at' IS NULL AND profile -> 'cleared' ? 'last_contacted_at'
        ) OVER customer AS last_contact_cleared,
        max(position) OVER (PARTITION BY key, helper) AS helped
    FROM told
    WINDOW customer AS (PARTITION BY key)
),
latest AS (
    SELECT key AS customer_id,
        max(data ->> 'kind') FILTER (WHERE position = registered) AS kind,
        max(data ->> 'name') FILTER (WHERE position = named) AS company_name,
        coalesce(max(data ->> 'stage') FILTER (WHERE position = staged AND event = 'stage-changed'), 'new') AS stage,
        max(occurred_at) FILTER (WHERE position = staged) AS stage_since,
        least(
            max(occurred_at) FILTER (WHERE position = registered),
            min((profile ->> 'last_contacted_at')::timestamptz)
        ) AS registered_at,
        -- Of a scheme that comes several times, the last tier is kept.
        coalesce(
            jsonb_object_agg(data ->> 'scheme', data ->> 'tier' ORDER BY position) FILTER (WHERE event = 'tier-changed'),
            '{}'
        ) AS tiers,
        max(data ->> 'owner_id') FILTER (WHERE position = assigned) AS owner_id,
        max(data ->> 'leader_id') FILTER (WHERE position = assigned) AS leader_id,
        max(profile ->> 'need_type') FILTER (WHERE position = need_typed) AS need_type,
        max(profile ->> 'industry') FILTER (WHERE position = industry_set) AS industry,
        max(profile ->> 'region') FILTER (WHERE position = region_set) AS region,
        max(profile ->> 'work_status') FILTER (WHERE position = work_status_set) AS work_status,
        max((profile ->> 'last_contacted_at')::timestamptz) FILTER (
            WHERE position > coalesce(last_contact_cleared, 0)
        ) AS last_contacted_at,
        coalesce(
            array_agg(helper ORDER BY position) FILTER (WHERE position = helped AND event = 'helper-added'), '{}'
        ) AS helper_ids,
        max(data ->> 'into_customer_id') FILTER (WHERE position = merged AND event = 'merged')::uuid AS merged_into
    FROM marked
    WHERE position >= registered
    GROUP BY key
)
SELECT customer_id, kind, company_name, stage,
    CASE
        WHEN stage IN ('new', 'interested') THEN 'follow-up'
        WHEN stage IN ('signed', 'established') THEN 'maintenance'
    END AS mode,
    stage_since, registered_at, tiers, owner_id, leader_id, need_type, industry, region, work_status, last_contacted_at,
    helper_ids, merged_into
FROM latest
