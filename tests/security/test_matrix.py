"""The authorization matrix (S1, S2): every operation of every service, called by every role."""

from collections.abc import Iterable

import httpx
import pytest

from contracts.examples import LEADER, OWNER
from services.request_examples import FILE_EXAMPLES, REQUEST_EXAMPLES
from tests.security.operations import CSV, JSON, Operation, next_absence, once, operations
from tests.security.ownership_events import HELPER
from tests.security.world import COMMERCE, World, send_file

CALLERS: dict[str, tuple[str | None, str]] = {
    "anonymous": (None, ""),
    "stranger": ("E9001", "sales"),
    "owner": (OWNER, "sales"),
    "helper": (HELPER, "sales"),
    "service": ("E9002", "service"),
    "finance": ("E9003", "finance"),
    "leader": (LEADER, "leader"),
    "other": ("E9004", "leader"),
    "ops": ("E9005", "ops"),
    "admin": ("E9006", "admin"),
    "integration": ("crm", "integration"),
}
# The customer has an owner in sales, a leader, and a helper. The helper has no relation to the customers that tests
# create to hand over, merge or erase. `stranger` and `service` have no relation to it; `other` leads other employees.
# 401 and 403 are refusals; + is a success that includes the customer; - is a success without it.
# 409: the caller may answer a proposal, but there is none.
TABLE = """
                                                      anonymous stranger owner helper service finance leader other ops admin integration
customer GET /v1/contracts/{contract_id}                    401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/contracts/{contract_id}/ending            401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/contracts/{contract_id}/events             401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/contracts/{contract_id}/renewal           401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/contracts/{contract_id}/renewal-intent    401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers                                  401        -     +      +       -       +      +     -   +     +           +
customer POST /v1/customers                                 401        +     +      +       +     403      +     +   +     +           +
customer GET /v1/customers/{customer_id}                    401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/competitors       401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/contracts          401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/contracts         401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/export             401      403   403    403     403     403    403   403   +     +         403
customer GET /v1/customers/{customer_id}/key-contacts/{key_contact_id}/export 401 403 403    403 403 403   403   403   +     +         403
followup GET /v1/customers/{customer_id}/export             401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/customers/{customer_id}/key-contacts/{key_contact_id}/export 401 403 403    403 403 403   403   403   +     +         403
alerts GET /v1/customers/{customer_id}/export             401      403   403    403     403     403    403   403   +     +         403
customer GET /v1/customers/{customer_id}/erasure            401      403   403    403     403     403    403   403   +     +         403
customer POST /v1/customers/{customer_id}/erasure           401      403   403    403     403     403    403   403   +     +         403
customer POST /v1/customers/{customer_id}/key-contacts/{key_contact_id}/erasure 401 403 403    403 403   403    403   403   +     +         403
customer GET /v1/customers/{customer_id}/events             401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/handover          401      403   403    403     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/handover           401        +     +    403     403       +    403   403   +     +           +
customer POST /v1/customers/{customer_id}/handover/acceptance 401      +   403    403     403     403    403   403   +     +           +
customer POST /v1/customers/{customer_id}/handover/withdrawal 401    403   403    403     403     403      +   403   +     +           +
customer GET /v1/handovers                                  401        +     +      -       -       +      -     -   +     +           +
customer POST /v1/handover-batches                          401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/handover-batches/{batch_id}                401      403   403    403     403     403    403   403   +     +           +
customer GET /v1/handover-batches/{batch_id}/customers      401      403   403    403     403     403    403   403   +     +           +
customer GET /v1/duplicates                                 401        -     +      +       -       +      +     -   +     +           +
customer POST /v1/customers/{customer_id}/duplicates        401      403   403    403     403     403      +   403   +     +           +
customer DELETE /v1/customers/{customer_id}/duplicates/{duplicate_id} 401 403 403    403  403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/distinctions      401      403   403    403     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/helpers           401      403     +    403     403     403      +   403   +     +           +
customer DELETE /v1/customers/{customer_id}/helpers/{employee_id} 401 403    +    403     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/key-contacts      401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/key-contacts/{key_contact_id} 401 403     +      +     403       +      +   403   +     +           +
customer PUT /v1/customers/{customer_id}/key-contacts/{key_contact_id} 401 403     +      +     403     403      +   403   +     +           +
customer DELETE /v1/customers/{customer_id}/key-contacts/{key_contact_id} 401 403  +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/name              401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/needs              401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/needs             401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/news              401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/orders             401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/orders            401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/owner             401      403   403    403     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/profile           401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/profile/review    401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/quotes             401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/quotes            401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/referrals         401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/references        401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/stage             401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/tags              401      403     +      +     403     403      +   403   +     +           +
customer DELETE /v1/customers/{customer_id}/tags/{tag}      401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/tag-vocabulary                             401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/tag-vocabulary/versions                    401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/tag-vocabulary/difference                  401        +     +      +       +       +      +     +   +     +           +
customer PUT /v1/tag-vocabulary                             401      403   403    403     403     403    403   403   +     +         403
customer GET /v1/customers/{customer_id}/stages             401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/tier              401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/customers/{customer_id}/tier               401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/customers/{customer_id}/tier/release      401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/customers/{customer_id}/tier/confirmation 401      403   409    409     403     403    409   403 409   409         409
customer POST /v1/customers/{customer_id}/tier/refusal      401      403   409    409     403     403    409   403 409   409         409
customer GET /v1/tier-schemes                               401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/tier-schemes/{scheme}                      401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/tier-schemes/{scheme}/versions             401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/tier-schemes/{scheme}/difference           401        +     +      +       +       +      +     +   +     +           +
customer PUT /v1/tier-schemes/{scheme}                      401      403   403    403     403     403    403   403   +     +         403
customer POST /v1/tier-schemes/{scheme}/preview             401      403   403    403     403     403    403   403   +     +         403
customer GET /v1/segments                                   401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/segments/{segment}                         401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/segments/{segment}/versions                401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/segments/{segment}/difference              401        +     +      +       +       +      +     +   +     +           +
customer PUT /v1/segments/{segment}                         401      403   403    403     403     403    403   403   +     +         403
customer DELETE /v1/segments/{segment}                      401      403   403    403     403     403    403   403   +     +         403
customer GET /v1/segments/{segment}/customers               401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/segments/{segment}/count                   401        +     +      +       +       +      +     +   +     +           +
customer GET /v1/employees                                  401        +     +      +       +       +      +     +   +     +           +
customer PUT /v1/employees/{employee_id}                    401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/exports                                    401      403   403    403     403     403    403   403   +     +         403
customer POST /v1/imports                                   401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/imports                                    401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/imports/{import_id}                        401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/imports/template                           401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/imports/{import_id}/rows                   401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/imports/{import_id}/rows.csv               401      403   403    403     403     403      +     +   +     +           +
customer GET /v1/stages                                     401        +     +      +       +       +      +     +   +     +           +
followup GET /v1/absences                                   401        -     +      -       -     403      +     -   +     +           +
followup POST /v1/employees/{employee_id}/absences          401      403     +    403     403     403      +   403   +     +           +
followup GET /v1/employees/{employee_id}/absences/{absence_id} 401   403     +    403     403     403      +   403   +     +           +
followup PUT /v1/employees/{employee_id}/absences/{absence_id} 401   403     +    403     403     403      +   403   +     +           +
followup DELETE /v1/employees/{employee_id}/absences/{absence_id} 401 403    +    403     403     403      +   403   +     +           +
followup GET /v1/employees/{employee_id}/absences/{absence_id}/work 401 403  +    403     403     403      +   403   +     +           +
followup POST /v1/calendars/{name}/closures                 401      403   403    403     403     403    403   403   +     +         403
followup DELETE /v1/calendars/{name}/closures/{day}         401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/calendars/{name}                           401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/calendars/{name}/versions                  401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/calendars/{name}/difference                401        +     +      +       +     403      +     +   +     +           +
followup PUT /v1/calendars/{name}                           401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/calendars/{name}/workdays                  401        +     +      +       +     403      +     +   +     +           +
customer GET /v1/orders/{order_id}                          401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/orders/{order_id}/cancellation            401      403     +      +     403     403      +   403   +     +           +
customer POST /v1/orders/{order_id}/delivery                401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/orders/{order_id}/events                   401      403     +      +     403       +      +   403   +     +           +
customer GET /v1/quotes/{quote_id}                          401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/quotes/{quote_id}/comparison              401      403     +      +     403     403      +   403   +     +           +
customer GET /v1/quotes/{quote_id}/events                   401      403     +      +     403       +      +   403   +     +           +
customer POST /v1/quotes/{quote_id}/issue                   401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/complaints                                 401        -     +      +       -     403      +     -   +     +           +
followup GET /v1/complaint-policy                           401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/complaint-policy/versions                  401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/complaint-policy/difference                401        +     +      +       +     403      +     +   +     +           +
followup PUT /v1/complaint-policy                           401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/complaints/{complaint_id}                  401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/answer          401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/closure         401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/assignment      401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/severity        401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/pause           401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/resumption      401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/communication         401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/reopening       401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/complaints/{complaint_id}/confirmation    401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/complaints/{complaint_id}/events           401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/contact-forms/{purpose}                    401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/contact-forms/{purpose}/versions           401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/contact-forms/{purpose}/difference         401        +     +      +       +     403      +     +   +     +           +
followup PUT /v1/contact-forms/{purpose}                    401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/contacts                                   401        -     +      +       -     403      +     -   +     +           +
followup GET /v1/contacts/{contact_id}                      401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/contacts/{contact_id}/events               401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/customers/{customer_id}/complaints        401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/customers/{customer_id}/contacts          401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/customers/{customer_id}/events             401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/customers/{customer_id}/tasks             401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/imports                                   401      403   403    403     403     403      +     +   +     +           +
followup GET /v1/imports                                    401      403   403    403     403     403      +     +   +     +           +
followup GET /v1/imports/{import_id}                        401      403   403    403     403     403      +     +   +     +           +
followup GET /v1/imports/template                           401      403   403    403     403     403      +     +   +     +           +
followup GET /v1/imports/{import_id}/rows                   401      403   403    403     403     403      +     +   +     +           +
followup GET /v1/imports/{import_id}/rows.csv               401      403   403    403     403     403      +     +   +     +           +
followup GET /v1/customers/{customer_id}/plans              401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/customers/{customer_id}/surveys           401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/surveys                                    401        -     +      +       -     403      +     -   +     +           +
followup GET /v1/surveys/{survey_id}                        401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/surveys/{survey_id}/invitation             401      403   403    403     403     403    403   403   +     +           +
followup POST /v1/survey-invitations/{code}/answer          401      403   403    403     403     403    403   403   +     +           +
followup GET /v1/survey-results                             401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/survey-policy                              401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/survey-policy/versions                     401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/survey-policy/difference                   401        +     +      +       +     403      +     +   +     +           +
followup PUT /v1/survey-policy                              401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/guards                                     401        -     +      +       -     403      +     -   +     +           +
followup GET /v1/my-day                                     401        -     +      +       -     403      +     -   +     +           +
followup GET /v1/plan-templates                             401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/plan-templates/{template}                  401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/plan-templates/{template}/versions         401        +     +      +       +     403      +     +   +     +           +
followup GET /v1/plan-templates/{template}/difference       401        +     +      +       +     403      +     +   +     +           +
followup PUT /v1/plan-templates/{template}                  401      403   403    403     403     403    403   403   +     +         403
followup POST /v1/plan-templates/{template}/preview         401      403   403    403     403     403    403   403   +     +         403
followup GET /v1/tasks                                      401        -     +      +       -     403      +     -   +     +           +
followup GET /v1/tasks/{task_id}                            401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/tasks/{task_id}/cancellation              401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/tasks/{task_id}/completion                401      403     +      +     403     403      +   403   +     +           +
followup GET /v1/tasks/{task_id}/events                     401      403     +      +     403     403      +   403   +     +           +
followup POST /v1/tasks/{task_id}/rescheduling              401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/alerts                                       401        -     +      +       -     403      +     -   +     +           +
alerts GET /v1/alerts/counts                                401        -     +      +       -     403      +     -   +     +           +
alerts GET /v1/alerts/{alert_id}                            401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/alerts/{alert_id}/events                     401      403     +      +     403     403      +   403   +     +           +
alerts POST /v1/alerts/bulk                                 401        +     +      +       +     403      +     +   +     +           +
alerts POST /v1/alerts/{alert_id}/acknowledgement           401      403     +      +     403     403      +   403   +     +           +
alerts POST /v1/alerts/{alert_id}/assignment                401      403     +      +     403     403      +   403   +     +           +
alerts POST /v1/alerts/{alert_id}/comments                  401      403     +      +     403     403      +   403   +     +           +
alerts POST /v1/alerts/{alert_id}/snooze                    401      403     +      +     403     403      +   403   +     +           +
alerts POST /v1/alerts/{alert_id}/unsnooze                  401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/customers/{customer_id}/mutes                401      403     +      +     403     403      +   403   +     +           +
alerts PUT /v1/customers/{customer_id}/mutes/{rule_id}      401      403     +      +     403     403      +   403   +     +           +
alerts DELETE /v1/customers/{customer_id}/mutes/{rule_id}   401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/alerts/stream                                401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/customers/{customer_id}/alerts               401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/customers/{customer_id}/erasure              401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/customers/{customer_id}/rules                401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/customers/{customer_id}/rules/{rule_id}      401      403     +      +     403     403      +   403   +     +           +
alerts GET /v1/rules                                        401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/rules/sweep                                  401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/rules/{rule}                                 401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/rules/{rule}/versions                        401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/rules/{rule}/difference                      401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/rules/{rule}/draft                           401        +     +      +       +     403      +     +   +     +           +
alerts PUT /v1/rules/{rule}/draft                           401      403   403    403     403     403    403   403   +     +         403
alerts POST /v1/rules/validation                            401      403   403    403     403     403    403   403   +     +         403
alerts POST /v1/rules/{rule}/preview                        401      403   403    403     403     403    403   403   +     +         403
alerts POST /v1/rules/{rule}/shadow                         401      403   403    403     403     403    403   403   +     +         403
alerts POST /v1/rules/{rule}/publication                    401      403   403    403     403     403    403   403   +     +         403
alerts POST /v1/rules/{rule}/retirement                     401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/rules/{rule}/shadow                          401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/rules/{rule}/shadow-episodes                 401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/rules/{rule}/failures                        401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/rules/export                                 401        +     +      +       +     403      +     +   +     +           +
alerts POST /v1/rules/import                                401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/ladders                                      401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/ladders/{severity}                           401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/ladders/{severity}/versions                  401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/ladders/{severity}/difference                401        +     +      +       +     403      +     +   +     +           +
alerts PUT /v1/ladders/{severity}                           401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/contact-definition                           401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/contact-definition/versions                  401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/contact-definition/difference                401        +     +      +       +     403      +     +   +     +           +
alerts PUT /v1/contact-definition                           401      403   403    403     403     403    403   403   +     +         403
alerts GET /v1/quiet-hours                                  401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/quiet-hours/versions                         401        +     +      +       +     403      +     +   +     +           +
alerts GET /v1/quiet-hours/difference                       401        +     +      +       +     403      +     +   +     +           +
alerts PUT /v1/quiet-hours                                  401      403   403    403     403     403    403   403   +     +         403
reporting GET /v1/alerts                                    401        -     +      +       -       +      +     -   +     +           +
reporting GET /v1/customers                                 401        -     +      +       -       +      +     -   +     +           +
reporting GET /v1/customers/{customer_id}                   401      403     +      +     403       +      +   403   +     +           +
reporting GET /v1/customers/{customer_id}/erasure           401      403   403    403     403     403    403   403   +     +         403
reporting GET /v1/customers/{customer_id}/timeline          401      403     +      +     403       +      +   403   +     +           +
reporting GET /v1/reports/followup-timeliness               401        -     +      +       -       +      +     -   +     +           +
reporting GET /v1/reports/open-alerts                       401        -     +      +       -       +      +     -   +     +           +
reporting GET /v1/reports/stage-funnel                      401        -     +      +       -       +      +     -   +     +           +
reporting GET /v1/tasks                                     401        -     +      +       -       +      +     -   +     +           +
"""  # noqa: E501 - a table is read across
LATER = {
    "assignment": (),
    "severity": (),
    "pause": (),
    "resumption": (),
    "communication": ("answer",),
    "reopening": ("answer", "confirmation"),
}
BEFORE_STEP = {"answer": (), "confirmation": ("answer",), "closure": ("answer", "confirmation"), **LATER}
ASKED_ABOUT = {"/v1/my-day": {"employee_id": OWNER}}
# Roles that may send files see all of them; other roles see none.
IMPORTS = "/v1/imports"
EVERYBODYS = {
    "/v1/imports/template",
    "/v1/complaint-policy",
    "/v1/complaint-policy/versions",
    "/v1/complaint-policy/difference",
    "/v1/survey-policy",
    "/v1/survey-policy/versions",
    "/v1/survey-policy/difference",
    "/v1/survey-results",
    "/v1/tag-vocabulary",
    "/v1/tag-vocabulary/versions",
    "/v1/tag-vocabulary/difference",
    "/v1/employees",
    IMPORTS,
    "/v1/rules",
    "/v1/rules/sweep",
    "/v1/rules/export",
    "/v1/ladders",
    "/v1/contact-definition",
    "/v1/contact-definition/versions",
    "/v1/contact-definition/difference",
    "/v1/quiet-hours",
    "/v1/quiet-hours/versions",
    "/v1/quiet-hours/difference",
    "/v1/alerts/stream",
    "/v1/plan-templates",
    "/v1/stages",
    "/v1/tier-schemes",
    "/v1/segments",
}


def expected() -> dict[str, dict[str, str]]:
    head, *rows = TABLE.strip("\n").splitlines()
    verdicts = [(words[:3], words[3:]) for words in map(str.split, rows)]
    return {" ".join(name): dict(zip(head.split(), found, strict=True)) for name, found in verdicts}


def lacking(listed: Iterable[Operation]) -> set[str]:
    return {str(operation) for operation in listed} ^ expected().keys()


def test_every_operation_stands_in_the_table() -> None:
    assert not lacking(operations())


def test_a_new_operation_is_missed_in_the_table() -> None:
    new = Operation("customer", "DELETE", "/v1/customers/{customer_id}")
    assert lacking([*operations(), new]) == {str(new)}


async def test_a_request_that_leaves_a_fact_is_seen_to_and_another_one_is_not(world: World) -> None:
    before = await world.head("customer")
    asked = [await world.ask("customer", "POST", "/v1/customers", json={"name": "金华婺江"}) for _ in range(2)]
    assert [await world.left_a_fact("customer", before, each) for each in asked] == [True, True]
    read = await world.ask("customer", "GET", asked[0].headers["location"])
    assert not await world.left_a_fact("customer", before, read)


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_everybody_gets_what_the_table_says(world: World, operation: Operation) -> None:
    found = {name: await verdict(world, operation, *caller) for name, caller in CALLERS.items()}
    assert found == expected()[str(operation)]


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_a_token_without_a_role_gets_nothing(world: World, operation: Operation) -> None:
    assert await verdict(world, operation, OWNER, "visitor") == "403"


async def verdict(world: World, operation: Operation, subject: str | None, role: str) -> str:
    """Send the request as `who` and return the result. A refusal that added an event is reported as such."""
    things = {**world.things, **await fresh(world, operation)}
    before = await world.head(operation.service)
    response = await send(world, operation, things, subject, role)
    if response.is_success:
        return "+" if operation.method != "GET" or shows(operation, response, things) else "-"
    if await world.left_a_fact(operation.service, before, response):
        return f"{response.status_code} with an effect"
    return str(response.status_code)


async def fresh(world: World, operation: Operation) -> dict[str, str]:
    """Create the resources that the operation consumes or that only it needs."""
    if "{code}" in operation.path:
        return {"code": await world.new_invitation()}
    step = operation.path.rpartition("/")[2]
    if operation.method == "POST" and "{rule}" in operation.path:
        return await world.new_rule()
    if "{segment}" in operation.path:
        await world.ask("customer", "PUT", f"/v1/segments/{world.things['segment']}", json=REQUEST_EXAMPLES["Segment"])
    if step == "erasure" and operation.service == "customer":
        return await world.new_erasure(asked=operation.method == "GET")
    if operation.method == "POST" and "{task_id}" in operation.path:
        return {"task_id": await world.new_task()}
    if operation.method == "POST" and step in BEFORE_STEP:
        return {"complaint_id": await world.new_complaint(*BEFORE_STEP[step])}
    if operation.method == "POST" and operation.path.endswith(("/acceptance", "/withdrawal")):
        return {"customer_id": await world.new_handover()}
    if operation.method != "GET" and operation.path.endswith(("/duplicates", "/distinctions", "{duplicate_id}")):
        return await world.new_duplicate(is_merged=operation.method == "DELETE")
    if operation.method == "DELETE" and "{key_contact_id}" in operation.path:
        return {"key_contact_id": await world.new_key_contact()}
    if "{absence_id}" in operation.path:
        return {"absence_id": await world.new_absence()}
    noun = operation.path.split("/")[2].removesuffix("s")
    if operation.method == "POST" and noun in COMMERCE:
        return await world.new_commerce(noun)
    if "{import_id}" in operation.path:
        return {"import_id": await send_file(world, operation.service)}
    return {}


async def send(
    world: World, operation: Operation, things: dict[str, str], subject: str | None, role: str, **headers: str
) -> httpx.Response:
    path, method, service = operation.address(things), operation.method, operation.service
    if CSV in operation.content:
        content, headers = FILE_EXAMPLES[service].encode(), {"content-type": CSV, **headers}
        return await world.ask(service, method, path, subject, role, content=content, headers=headers)
    if JSON in operation.content:
        # Without a number of its own a registration is one of a new customer each time.
        body = {name: value for name, value in operation.body.items() if name != "external"}
        body |= {name: things["duplicate_id"] for name in ("duplicate_id", "other_id") if name in body}
        body |= {name: things[name] for name in ("preview",) if name in body}
        body |= next_absence() if operation.body_schema == "Absence" else {}
        return await world.ask(service, method, path, subject, role, json=body, headers=once() | headers)
    asked_about = ASKED_ABOUT.get(operation.path)
    return await world.ask(service, method, path, subject, role, params=asked_about, headers=headers)


def shows(operation: Operation, response: httpx.Response, things: dict[str, str]) -> bool:
    """Return whether the response contains data of the customer."""
    if operation.path in EVERYBODYS or "{" in operation.path:
        return True
    if operation.path == "/v1/exports":
        return "上海腾云" in response.text
    found = response.json()
    match operation.path:
        case "/v1/reports/stage-funnel":
            return any(row["customers"] for row in found["stages"])
        case "/v1/reports/followup-timeliness":
            return bool(found["total"]["denominator"])
        case "/v1/reports/open-alerts" | "/v1/alerts/counts":
            return bool(found["open"])
        case "/v1/absences":
            return any(item["employee_id"] == things["employee_id"] for item in found["items"])
        case "/v1/my-day":
            return any(part["total"] for part in found.values() if isinstance(part, dict))
        case _:
            names = ("id", "customer_id", "other_id")
            return any(things["customer_id"] in map(item.get, names) for item in found["items"])


# The list of configuration versions is the same for every caller, and that of imports for all who may read it.
LISTS = [
    each
    for each in operations()
    if "cursor" in each.queries
    and "{" not in each.path
    and not each.path.endswith("/versions")
    and each.path != IMPORTS
]


@pytest.mark.parametrize("operation", LISTS, ids=str)
async def test_a_cursor_leads_nobody_past_what_is_theirs(world: World, operation: Operation) -> None:
    """A cursor of a caller who sees all is not valid for a caller with less access."""
    listed = await world.ask(operation.service, "GET", operation.path, params={"limit": 1})
    cursor = listed.json()["next_cursor"]
    assert cursor
    asked = await world.ask(operation.service, "GET", operation.path, "E9001", "sales", params={"cursor": cursor})
    assert (asked.status_code, asked.json()["code"]) == (400, "invalid-cursor")
