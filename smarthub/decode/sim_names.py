"""The carrier's names for the fields of a SIM [seed], shared by the quick and the tolerant reading."""

from smarthub.operations import Names

SIM: Names = {
    "giccid": "giccid",
    "status": "status",
    "sold_at": "sellTime",
    "activated_at": "activatedTime",
    "usages": "currentCycleUsages",
    "apn_usages": "currentCycleAPNUsagesList",
    "package": "currentBasicServicePackage",
    "apns": "apnList",
    "devices": "deviceInfo",
}
USAGES: Names = {"data_usage_mb": "dataUsage", "sms_usage": "smsUsage", "voice_usage_min": "voiceUsage"}
APN_USAGE: Names = {"apn": "apn", "data_usage_mb": "dataUsage"}
PACKAGE: Names = {"name": "name", "started_at": "startTime", "ends_at": "endTime"}
APN: Names = {"name": "apnName", "status": "apnStatus"}
DEVICE: Names = {"imei": "imei", "imsi": "imsi", "msisdn": "msisdn"}
