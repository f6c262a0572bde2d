"""The whole data model (data-model.md).

Plain SQL, since Peewee knows no composite foreign keys. Both engines take these types; SQLite
reads them as affinities. Ids, tokens and names are case-sensitive and blanks at their end count,
hence the binary collations without padding on MySQL and MariaDB.
"""

from peewee import Database
from playhouse.migrate import SchemaMigrator

from storage.migrations import add_index, create_table

FAMILY = "FOREIGN KEY (family_id) REFERENCES family (family_id) ON DELETE CASCADE"
CATEGORY = (
    "FOREIGN KEY (family_id, category_id) "
    "REFERENCES category (family_id, category_id) ON DELETE CASCADE"
)
USER = "FOREIGN KEY (family_id, user_id) REFERENCES user (family_id, user_id) ON DELETE CASCADE"


def device(column: str) -> str:
    return (
        f"FOREIGN KEY (family_id, {column}) "
        "REFERENCES device (family_id, device_id) ON DELETE CASCADE"
    )


TABLES = {
    "family": """
        family_id VARCHAR(10) NOT NULL,
        created_at BIGINT NOT NULL,
        user_list_version VARCHAR(4) NOT NULL,
        device_list_version VARCHAR(4) NOT NULL,
        u2f_keys_version VARCHAR(4) NOT NULL,
        has_full_version BOOLEAN NOT NULL,
        full_version_until BIGINT NOT NULL,
        full_version_debts BIGINT NOT NULL,
        next_server_key_request_seq BIGINT NOT NULL,
        PRIMARY KEY (family_id)
    """,
    "user": f"""
        family_id VARCHAR(10) NOT NULL,
        user_id VARCHAR(6) NOT NULL,
        name VARCHAR(255) NOT NULL,
        type VARCHAR(6) NOT NULL,
        password_hash VARCHAR(255) NOT NULL,
        second_password_hash VARCHAR(255) NOT NULL,
        second_password_salt VARCHAR(255) NOT NULL,
        mail VARCHAR(255) NOT NULL,
        time_zone VARCHAR(255) NOT NULL,
        disable_limits_until BIGINT NOT NULL,
        current_device VARCHAR(6) NOT NULL,
        category_for_not_assigned_apps VARCHAR(6) NOT NULL,
        relax_primary_device BOOLEAN NOT NULL,
        mail_notification_flags INTEGER NOT NULL,
        blocked_times MEDIUMTEXT NOT NULL,
        flags BIGINT NOT NULL,
        PRIMARY KEY (family_id, user_id),
        {FAMILY}
    """,
    "device": f"""
        family_id VARCHAR(10) NOT NULL,
        device_id VARCHAR(6) NOT NULL,
        name VARCHAR(255) NOT NULL,
        model VARCHAR(255) NOT NULL,
        added_at BIGINT NOT NULL,
        device_auth_token VARCHAR(32) NOT NULL,
        current_user_id VARCHAR(6) NOT NULL,
        is_user_kept_signed_in BOOLEAN NOT NULL,
        default_user_id VARCHAR(6) NOT NULL,
        default_user_timeout BIGINT NOT NULL,
        network_time VARCHAR(16) NOT NULL,
        next_sequence_number BIGINT NOT NULL,
        next_key_reply_sequence_number BIGINT NOT NULL,
        current_protection_level VARCHAR(32) NOT NULL,
        highest_protection_level VARCHAR(32) NOT NULL,
        current_usage_stats_permission VARCHAR(16) NOT NULL,
        highest_usage_stats_permission VARCHAR(16) NOT NULL,
        current_notification_access_permission VARCHAR(16) NOT NULL,
        highest_notification_access_permission VARCHAR(16) NOT NULL,
        current_overlay_permission VARCHAR(16) NOT NULL,
        highest_overlay_permission VARCHAR(16) NOT NULL,
        current_app_version BIGINT NOT NULL,
        highest_app_version BIGINT NOT NULL,
        accessibility_service_enabled BOOLEAN NOT NULL,
        was_accessibility_service_enabled BOOLEAN NOT NULL,
        tried_disabling_device_admin BOOLEAN NOT NULL,
        did_reboot BOOLEAN NOT NULL,
        had_manipulation BOOLEAN NOT NULL,
        had_manipulation_flags INTEGER NOT NULL,
        manipulation_flags INTEGER NOT NULL,
        consider_reboot_manipulation BOOLEAN NOT NULL,
        activity_level_blocking BOOLEAN NOT NULL,
        is_q_or_later BOOLEAN NOT NULL,
        show_device_connected BOOLEAN NOT NULL,
        did_report_uninstall BOOLEAN NOT NULL,
        last_connectivity BIGINT NOT NULL,
        public_key BLOB,
        platform_type VARCHAR(8),
        platform_level INTEGER NOT NULL,
        PRIMARY KEY (family_id, device_id),
        {FAMILY}
    """,
    "category": """
        family_id VARCHAR(10) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        child_id VARCHAR(6) NOT NULL,
        title VARCHAR(255) NOT NULL,
        blocked_times MEDIUMTEXT NOT NULL,
        extra_time BIGINT NOT NULL,
        extra_time_day BIGINT NOT NULL,
        temporarily_blocked BOOLEAN NOT NULL,
        temporarily_blocked_end_time BIGINT NOT NULL,
        disable_limits_until BIGINT NOT NULL,
        parent_category_id VARCHAR(6) NOT NULL,
        block_all_notifications BOOLEAN NOT NULL,
        block_notification_delay BIGINT NOT NULL,
        time_warning_flags INTEGER NOT NULL,
        min_battery_mobile INTEGER NOT NULL,
        min_battery_charging INTEGER NOT NULL,
        sort BIGINT NOT NULL,
        flags BIGINT NOT NULL,
        base_version VARCHAR(4) NOT NULL,
        assigned_apps_version VARCHAR(4) NOT NULL,
        rules_version VARCHAR(4) NOT NULL,
        used_times_version VARCHAR(4) NOT NULL,
        task_list_version VARCHAR(4) NOT NULL,
        PRIMARY KEY (family_id, category_id),
        FOREIGN KEY (family_id, child_id)
            REFERENCES user (family_id, user_id) ON DELETE CASCADE
    """,
    "limit_login_category": f"""
        family_id VARCHAR(10) NOT NULL,
        user_id VARCHAR(6) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        pre_block_duration BIGINT NOT NULL,
        PRIMARY KEY (family_id, user_id),
        {USER},
        {CATEGORY}
    """,
    "assigned_app": f"""
        family_id VARCHAR(10) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        package_name VARCHAR(255) NOT NULL,
        PRIMARY KEY (family_id, category_id, package_name),
        {CATEGORY}
    """,
    "category_network": f"""
        family_id VARCHAR(10) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        network_item_id VARCHAR(6) NOT NULL,
        hashed_network_id VARCHAR(8) NOT NULL,
        PRIMARY KEY (family_id, category_id, network_item_id),
        {CATEGORY}
    """,
    "time_warning": f"""
        family_id VARCHAR(10) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        minutes INTEGER NOT NULL,
        PRIMARY KEY (family_id, category_id, minutes),
        {CATEGORY}
    """,
    "rule": f"""
        family_id VARCHAR(10) NOT NULL,
        rule_id VARCHAR(6) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        apply_to_extra_time_usage BOOLEAN NOT NULL,
        day_mask INTEGER NOT NULL,
        maximum_time BIGINT NOT NULL,
        start_minute_of_day INTEGER NOT NULL,
        end_minute_of_day INTEGER NOT NULL,
        session_duration BIGINT NOT NULL,
        session_pause BIGINT NOT NULL,
        per_day BOOLEAN NOT NULL,
        expires_at BIGINT,
        PRIMARY KEY (family_id, rule_id),
        {CATEGORY}
    """,
    "task": f"""
        family_id VARCHAR(10) NOT NULL,
        task_id VARCHAR(6) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        title VARCHAR(50) NOT NULL,
        extra_time_duration BIGINT NOT NULL,
        pending_request BOOLEAN NOT NULL,
        last_grant_timestamp BIGINT NOT NULL,
        PRIMARY KEY (family_id, task_id),
        {CATEGORY}
    """,
    "used_time": f"""
        family_id VARCHAR(10) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        day_of_epoch BIGINT NOT NULL,
        start_minute_of_day INTEGER NOT NULL,
        end_minute_of_day INTEGER NOT NULL,
        used_time BIGINT NOT NULL,
        last_update BIGINT NOT NULL,
        PRIMARY KEY (
            family_id, category_id, day_of_epoch, start_minute_of_day, end_minute_of_day
        ),
        {CATEGORY}
    """,
    "session_duration": f"""
        family_id VARCHAR(10) NOT NULL,
        category_id VARCHAR(6) NOT NULL,
        max_session_duration BIGINT NOT NULL,
        session_pause_duration BIGINT NOT NULL,
        start_minute_of_day INTEGER NOT NULL,
        end_minute_of_day INTEGER NOT NULL,
        last_usage BIGINT NOT NULL,
        last_session_duration BIGINT NOT NULL,
        rounded_last_update BIGINT NOT NULL,
        PRIMARY KEY (
            family_id, category_id, max_session_duration, session_pause_duration,
            start_minute_of_day, end_minute_of_day
        ),
        {CATEGORY}
    """,
    "app_list": f"""
        family_id VARCHAR(10) NOT NULL,
        device_id VARCHAR(6) NOT NULL,
        type INTEGER NOT NULL,
        version VARCHAR(4) NOT NULL,
        data MEDIUMBLOB NOT NULL,
        PRIMARY KEY (family_id, device_id, type),
        {device("device_id")}
    """,
    "dh_key": f"""
        family_id VARCHAR(10) NOT NULL,
        device_id VARCHAR(6) NOT NULL,
        version VARCHAR(4) NOT NULL,
        created_at BIGINT NOT NULL,
        created_at_subsequence BIGINT NOT NULL,
        expire_at BIGINT,
        public_key BLOB NOT NULL,
        private_key BLOB NOT NULL,
        PRIMARY KEY (family_id, device_id, version),
        {device("device_id")}
    """,
    "ping": f"""
        family_id VARCHAR(10) NOT NULL,
        receiver_device_id VARCHAR(6) NOT NULL,
        sender_device_id VARCHAR(6) NOT NULL,
        type INTEGER NOT NULL,
        token VARCHAR(6) NOT NULL,
        PRIMARY KEY (family_id, receiver_device_id, sender_device_id, type),
        {device("receiver_device_id")},
        {device("sender_device_id")}
    """,
    "u2f_key": f"""
        family_id VARCHAR(10) NOT NULL,
        key_id VARCHAR(8) NOT NULL,
        user_id VARCHAR(6) NOT NULL,
        added_at BIGINT NOT NULL,
        key_handle BLOB NOT NULL,
        public_key BLOB NOT NULL,
        next_counter BIGINT NOT NULL,
        PRIMARY KEY (family_id, key_id),
        {USER}
    """,
    "key_request": f"""
        family_id VARCHAR(10) NOT NULL,
        server_sequence_number BIGINT NOT NULL,
        sender_device_id VARCHAR(6) NOT NULL,
        sender_sequence_number BIGINT NOT NULL,
        device_id VARCHAR(6),
        category_id VARCHAR(6),
        type INTEGER NOT NULL,
        temp_key BLOB NOT NULL,
        signature BLOB NOT NULL,
        PRIMARY KEY (family_id, server_sequence_number),
        {device("sender_device_id")},
        {device("device_id")},
        {CATEGORY}
    """,
    "key_response": """
        family_id VARCHAR(10) NOT NULL,
        receiver_device_id VARCHAR(6) NOT NULL,
        request_server_sequence_number BIGINT NOT NULL,
        sender_device_id VARCHAR(6) NOT NULL,
        reply_server_sequence_number BIGINT NOT NULL,
        request_client_sequence_number BIGINT NOT NULL,
        temp_key BLOB NOT NULL,
        encrypted_key BLOB NOT NULL,
        signature BLOB NOT NULL,
        PRIMARY KEY (
            family_id, receiver_device_id, request_server_sequence_number, sender_device_id
        ),
        FOREIGN KEY (family_id, request_server_sequence_number)
            REFERENCES key_request (family_id, server_sequence_number) ON DELETE CASCADE
    """,
    "purchase": f"""
        service VARCHAR(32) NOT NULL,
        transaction_id VARCHAR(255) NOT NULL,
        family_id VARCHAR(10) NOT NULL,
        type VARCHAR(16) NOT NULL,
        logged_at BIGINT NOT NULL,
        previous_full_version_end_time BIGINT NOT NULL,
        new_full_version_end_time BIGINT NOT NULL,
        PRIMARY KEY (service, transaction_id),
        {FAMILY}
    """,
    "add_device_token": f"""
        token VARCHAR(255) NOT NULL,
        family_id VARCHAR(10) NOT NULL,
        device_id VARCHAR(6) NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (token),
        {FAMILY}
    """,
    "mail_login_token": """
        mail_login_token VARCHAR(32) NOT NULL,
        received_code VARCHAR(255) NOT NULL,
        mail VARCHAR(255) NOT NULL,
        created_at BIGINT NOT NULL,
        remaining_attempts INTEGER NOT NULL,
        locale VARCHAR(255) NOT NULL,
        PRIMARY KEY (mail_login_token)
    """,
    "mail_auth_token": """
        token VARCHAR(32) NOT NULL,
        mail VARCHAR(255) NOT NULL,
        created_at BIGINT NOT NULL,
        locale VARCHAR(255) NOT NULL,
        PRIMARY KEY (token)
    """,
    "old_device": """
        device_auth_token VARCHAR(32) NOT NULL,
        PRIMARY KEY (device_auth_token)
    """,
    "server_setting": """
        id VARCHAR(255) NOT NULL,
        value MEDIUMTEXT NOT NULL,
        PRIMARY KEY (id)
    """,
}

# (table, columns, unique)
INDEXES = [
    ("user", ["mail"], False),
    ("device", ["device_auth_token"], True),
    ("category", ["family_id", "child_id"], False),
    ("limit_login_category", ["family_id", "category_id"], False),
    ("rule", ["family_id", "category_id"], False),
    ("task", ["family_id", "category_id"], False),
    ("used_time", ["last_update"], False),
    ("session_duration", ["rounded_last_update"], False),
    ("dh_key", ["expire_at"], False),
    ("ping", ["family_id", "sender_device_id"], False),
    ("u2f_key", ["family_id", "user_id"], False),
    ("key_request", ["family_id", "sender_device_id", "sender_sequence_number"], False),
    ("key_request", ["family_id", "device_id"], False),
    ("key_request", ["family_id", "category_id"], False),
    ("key_response", ["family_id", "request_server_sequence_number"], False),
    ("key_response", ["family_id", "receiver_device_id", "reply_server_sequence_number"], True),
    ("purchase", ["family_id"], False),
    ("add_device_token", ["family_id"], False),
    ("add_device_token", ["created_at"], False),
    ("mail_login_token", ["created_at"], False),
    ("mail_auth_token", ["mail"], False),
    ("mail_auth_token", ["created_at"], False),
]

# Rows of half a megabyte would make a table that is its own index slow.
WITH_ROWID = {"app_list"}


def up(migrator: SchemaMigrator, db: Database) -> None:
    for table, columns in TABLES.items():
        create_table(db, table, columns, with_rowid=table in WITH_ROWID)
    for table, names, unique in INDEXES:
        add_index(migrator, table, names, unique=unique)
