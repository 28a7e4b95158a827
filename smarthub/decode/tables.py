"""The carrier's field names for everything but the SIM [assumed but for custom1 to custom5], one row each."""

from __future__ import annotations

from smarthub.decode.reading import (
    Field,
    Many,
    Shape,
    read_count,
    read_text,
    read_time,
    read_volume,
    text_of,
)
from smarthub.models import batches, changes, enterprise, sms

read_long_text = text_of(2000)

ACCOUNT_SUMMARY = Shape(
    enterprise.AccountSummary,
    (
        Field("name", "name", "Account name", read_text, is_required=True),
        Field("customer_name", "customerName", "Customer name", read_text),
        Field("status", "status", "Account status", read_text),
        Field("sim_count", "simCount", "Number of SIMs", read_count),
    ),
)
ENTERPRISE = Shape(
    enterprise.Enterprise,
    (
        Field("name", "name", "Enterprise name", read_text),
        Field("contact_name", "contactName", "Contact name", read_text, is_private=True),
        Field("contact_phone", "contactPhone", "Contact phone", read_text, is_private=True),
        Field("contact_email", "contactEmail", "Contact e-mail", read_text, is_private=True),
        Field("accounts", "accounts", "Account list", Many(ACCOUNT_SUMMARY), default=()),
    ),
)
STATUS_COUNT = Shape(
    enterprise.StatusCount,
    (
        Field("status", "status", "Status", read_text, is_required=True),
        Field("count", "count", "Number of SIMs", read_count, is_required=True),
    ),
    skips_partial=True,
)
ACCOUNT = Shape(
    enterprise.Account,
    (
        Field("name", "name", "Account name", read_text, is_required=True),
        Field("enterprise_name", "enterpriseName", "Enterprise name", read_text),
        Field("customer_name", "customerName", "Customer name", read_text),
        Field("status", "status", "Account status", read_text),
        Field("balance", "balance", "Balance", read_volume),
        Field("currency", "currency", "Currency", read_text),
        Field("billing_cycle", "billingCycle", "Billing cycle", read_text),
        Field("cycle_charge", "currentCycleCharge", "Charge of the cycle", read_volume),
        Field("data_usage_mb", "currentCycleUsages.dataUsage", "Data usage", read_volume),
        Field("sms_usage", "currentCycleUsages.smsUsage", "SMS usage", read_count),
        Field("voice_usage_min", "currentCycleUsages.voiceUsage", "Voice usage", read_count),
        Field("sim_count", "simCount", "Number of SIMs", read_count),
        Field("sim_status_counts", "simStatusCounts", "SIMs by status", Many(STATUS_COUNT), default=()),
    ),
)
SERVICE_PACKAGE = Shape(
    enterprise.ServicePackage,
    (
        Field("name", "name", "Package name", read_text, is_required=True),
        Field("kind", "type", "Package type", read_text),
        Field("payment_type", "paymentType", "Payment type", read_text),
        Field("data_volume_mb", "dataVolume", "Data volume", read_volume),
        Field("sms_volume", "smsVolume", "SMS volume", read_count),
        Field("voice_volume_min", "voiceVolume", "Voice volume", read_count),
        Field("validity_period", "validityPeriod", "Validity period", read_count),
        Field("validity_unit", "validityUnit", "Validity unit", read_text),
        Field("price", "price", "Price", read_volume),
        Field("currency", "currency", "Currency", read_text),
        Field("share_pool_name", "sharePoolName", "Share pool", read_text),
        Field("description", "description", "Description", read_long_text),
    ),
)
SHARE_POOL = Shape(
    enterprise.SharePool,
    (
        Field("name", "name", "Pool name", read_text, is_required=True),
        Field("account_name", "accountName", "Account name", read_text),
        Field("service_package_name", "servicePackageName", "Package name", read_text),
        Field("data_total_mb", "dataTotal", "Data volume", read_volume),
        Field("data_usage_mb", "dataUsage", "Data usage", read_volume),
        Field("data_remaining_mb", "dataRemaining", "Data left", read_volume),
        Field("sim_count", "simCount", "Number of SIMs", read_count),
        Field("cycle_started_at", "cycleStartTime", "Start of the cycle", read_time),
        Field("cycle_ends_at", "cycleEndTime", "End of the cycle", read_time),
        Field("status", "status", "Pool status", read_text),
    ),
)
COUNTRY_USAGE = Shape(
    enterprise.CountryUsage,
    (
        Field("country_code", "countryCode", "Country code", read_text, is_required=True),
        Field("data_usage_mb", "dataUsage", "Data usage", read_volume),
        Field("sim_count", "simCount", "Number of SIMs", read_count),
    ),
)
SIM_CHANGE = Shape(
    changes.SimChange,
    (
        Field("giccid", "giccid", "ICCID", read_text, is_required=True),
        Field("kind", "changeType", "Kind of change", read_text, is_required=True),
        Field("old_value", "oldValue", "Old value", read_text),
        Field("new_value", "newValue", "New value", read_text),
        Field("changed_at", "changeTime", "Time of the change", read_time),
        Field("operator", "operator", "Who changed it", read_text),
    ),
)
CUSTOM_FIELDS = Shape(
    changes.CustomFields,
    tuple(Field(f"custom{n}", f"custom{n}", f"Custom field {n}", read_long_text) for n in range(1, 6)),
)
ACCEPTED = Shape(
    changes.Accepted,
    (
        Field("giccid", "giccid", "ICCID", read_text),
        Field("status", "status", "Status", read_text),
    ),
)
PACKAGE_ORDER = Shape(
    changes.PackageOrder,
    (
        Field("package", "servicePackageName", "Package name", read_text),
        Field("starts_at", "startTime", "Start of the package", read_time),
        Field("ends_at", "endTime", "End of the package", read_time),
    ),
)
PACKAGE_CHANGE = Shape(
    changes.PackageChange,
    (
        Field("package", "servicePackageName", "Package name", read_text),
        Field("effective", "effectiveType", "When it takes effect", read_text),
        Field("effective_at", "effectiveTime", "Time it takes effect", read_time),
    ),
)
APN_CHANGE = Shape(
    changes.ApnChange,
    (
        Field("apn", "apnName", "APN name", read_text),
        Field("status", "apnStatus", "APN status", read_text),
    ),
)
BATCH_ITEM = Shape(
    batches.BatchItem,
    (
        Field("giccid", "giccid", "ICCID", read_text, is_required=True),
        Field("status", "status", "Item status", read_text),
        Field("code", "code", "Code", read_text),
        Field("message", "message", "Message", read_long_text),
    ),
)
BATCH_JOB = Shape(
    batches.BatchJob,
    (
        Field("job_id", "jobId", "Job id", read_text),
        Field("kind", "jobType", "Job type", read_text),
        Field("status", "status", "Job status", read_text),
        Field("total_count", "totalCount", "Number of items", read_count),
        Field("success_count", "successCount", "Number done", read_count),
        Field("failed_count", "failedCount", "Number failed", read_count),
        Field("created_at", "createTime", "Time of creation", read_time),
        Field("finished_at", "finishTime", "Time of the end", read_time),
        Field("items", "details", "Item list", Many(BATCH_ITEM)),
    ),
)
BATCH_START = Shape(batches.BatchStart, (Field("job_id", "jobId", "Job id", read_text, is_required=True),))
SMS_MESSAGE = Shape(
    sms.SmsMessage,
    (
        Field("sms_id", "smsMsgId", "Message id", read_text, is_required=True),
        Field("giccid", "toGiccid", "ICCID", read_text),
        Field("status", "status", "Message status", read_text),
        Field("submitted_at", "submitTime", "Time of submission", read_time),
        Field("finished_at", "finalTime", "Time of the end", read_time),
        Field("fail_reason", "failReason", "Reason of the failure", read_long_text),
    ),
)
