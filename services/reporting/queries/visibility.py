"""Who may see which customer, and what is whose, as conditions in SQL: every list and figure has them from here."""


def visible(customer_id: str, reader: str) -> str:
    """Return the condition on column `customer_id`; parameter `reader` is NULL for those who may see all.

    What was recorded of a duplicate is seen by those who hold the customer that it goes on as.
    """
    return f"""({reader}::text IS NULL OR {customer_id} IN (
        SELECT one.customer_id FROM customer own CROSS JOIN LATERAL (
            SELECT own.customer_id UNION ALL SELECT d.customer_id FROM customer d WHERE d.merged_into = own.customer_id
        ) one
        WHERE own.merged_into IS NULL
          AND (own.owner_id = {reader} OR own.leader_id = {reader} OR own.helper_ids @> ARRAY[{reader}])))"""  # noqa: S608 - fixed text


def of_customer(customer_id: str, whose: str) -> str:
    """Return the condition that `customer_id` is the id of customer `whose`, or of one that goes on as it."""
    return f"""{customer_id} IN (
        SELECT {whose} UNION ALL SELECT d.customer_id FROM customer d WHERE d.merged_into = {whose})"""  # noqa: S608 - fixed text
