namespace Sluice.Registry.Storage;

/// <summary>The tables, by version. A version that has been released is never edited: changes are a further entry.</summary>
internal static class Schema
{
    private static readonly IReadOnlyList<Func<IDialect, string>> Versions = [Version1, Version2, Version3];

    /// <summary>The version this program reads and writes.</summary>
    public static int Current => Versions.Count;

    /// <summary>Brings the tables to <see cref="Current"/>; safe to run twice and from two processes at once.</summary>
    /// <returns>The version found; 0 when there was none.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.RegistryNewer"/> when a newer program was here.</exception>
    public static Task<int> MigrateAsync(Database database, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            var dialect = database.Dialect;
            await dialect.PrepareAsync(session);
            var found = await dialect.HasTableAsync(session, "schema_version")
                ? await session.FindAsync<int>("SELECT version FROM schema_version")
                : 0;
            if (found > Current)
            {
                throw new RegistryException(
                    RegistryError.RegistryNewer,
                    $"{dialect.Place} has schema version {found}, this program knows versions up to {Current}: "
                        + "use the newer Sluice, or a backup from before it.");
            }

            for (var version = found; version < Current; version++)
            {
                await session.ExecuteAsync(Versions[version](dialect));
                await session.ExecuteAsync("DELETE FROM schema_version");
                await session.ExecuteAsync("INSERT INTO schema_version (version) VALUES (@version)", new { version = version + 1 });
            }

            return found;
        }, cancellationToken);

    private static string Version1(IDialect d) => $"""
        CREATE TABLE schema_version (version bigint NOT NULL);

        CREATE TABLE plans (
            hash {d.Text} PRIMARY KEY,
            bundle {d.Bytes} NOT NULL
        );

        CREATE TABLE rollouts (
            id {d.Text} PRIMARY KEY,
            service {d.Text} NOT NULL,
            environment {d.Text} NOT NULL,
            version {d.Text} NOT NULL,
            commit_sha {d.Text},
            artifact {d.Text},
            bundle_hash {d.Text} NOT NULL,
            request_hash {d.Text} NOT NULL,
            triggered_by {d.Text} NOT NULL,
            created_at {d.Instant} NOT NULL,
            retry_of {d.Text},
            phase {d.Text} NOT NULL,
            status_json {d.Text},
            status_sequence bigint NOT NULL
        );
        CREATE INDEX rollouts_created_at ON rollouts (created_at, id);
        CREATE INDEX rollouts_environment ON rollouts (service, environment, created_at);
        CREATE INDEX rollouts_phase ON rollouts (phase, created_at);

        CREATE TABLE deployments (
            id {d.Text} PRIMARY KEY,
            rollout_id {d.Text} NOT NULL,
            service {d.Text} NOT NULL,
            environment {d.Text} NOT NULL,
            version {d.Text} NOT NULL,
            commit_sha {d.Text},
            triggered_by {d.Text} NOT NULL,
            started_at {d.Instant} NOT NULL,
            promoted_at {d.Instant},
            completed_at {d.Instant},
            status {d.Text} NOT NULL,
            health_score double precision,
            error_count bigint NOT NULL,
            rollback_reason {d.Text},
            revision {d.Text} NOT NULL,
            bundle_hash {d.Text} NOT NULL,
            metadata {d.Json} NOT NULL
        );
        CREATE INDEX deployments_started_at ON deployments (started_at, id);
        CREATE INDEX deployments_environment ON deployments (environment, service, started_at);
        CREATE INDEX deployments_status ON deployments (status, started_at);

        CREATE TABLE deployment_baselines (
            deployment_id {d.Text} NOT NULL,
            metric {d.Text} NOT NULL,
            value double precision NOT NULL,
            PRIMARY KEY (deployment_id, metric)
        );

        CREATE TABLE deployment_events (
            number {d.Rising},
            key {d.Text} NOT NULL UNIQUE,
            rollout_id {d.Text} NOT NULL,
            service {d.Text} NOT NULL,
            environment {d.Text},
            type {d.Text} NOT NULL,
            at {d.Instant} NOT NULL,
            message {d.Text} NOT NULL,
            data {d.Json} NOT NULL
        );
        CREATE INDEX deployment_events_at ON deployment_events (at, number);
        CREATE INDEX deployment_events_rollout ON deployment_events (rollout_id, at, number);
        CREATE INDEX deployment_events_environment ON deployment_events (service, environment, at);
        CREATE INDEX deployment_events_type ON deployment_events (type, at);

        CREATE TABLE audit (
            number bigint PRIMARY KEY,
            at {d.Instant} NOT NULL,
            actor {d.Text} NOT NULL,
            action {d.Text} NOT NULL,
            subject {d.Text} NOT NULL,
            detail {d.Text},
            result {d.Text} NOT NULL,
            hash {d.Text} NOT NULL
        );
        CREATE TABLE audit_head (number bigint NOT NULL, hash {d.Text} NOT NULL);
        INSERT INTO audit_head (number, hash) VALUES (0, '');

        CREATE TABLE locks (
            service {d.Text} NOT NULL,
            environment {d.Text} NOT NULL,
            owner {d.Text},
            number bigint NOT NULL,
            PRIMARY KEY (service, environment)
        );
        CREATE TABLE lock_queue (
            service {d.Text} NOT NULL,
            environment {d.Text} NOT NULL,
            rollout_id {d.Text} NOT NULL,
            place bigint NOT NULL,
            requested_at {d.Instant} NOT NULL,
            PRIMARY KEY (service, environment, rollout_id)
        );

        CREATE TABLE commands (
            rollout_id {d.Text} NOT NULL,
            number bigint NOT NULL,
            key {d.Text} NOT NULL,
            kind {d.Text} NOT NULL,
            actor {d.Text} NOT NULL,
            entered_for {d.Text},
            actor_groups {d.Json} NOT NULL,
            reason {d.Text},
            at {d.Instant} NOT NULL,
            PRIMARY KEY (rollout_id, number),
            UNIQUE (rollout_id, key)
        );
        CREATE TABLE desired_state (rollout_id {d.Text} PRIMARY KEY, state {d.Text} NOT NULL);
        CREATE TABLE compensation_stacks (rollout_id {d.Text} PRIMARY KEY, stack {d.Text} NOT NULL);

        CREATE TABLE access_keys (
            name {d.Text} PRIMARY KEY,
            role {d.Text} NOT NULL,
            services {d.Json} NOT NULL,
            sha256 {d.Text} NOT NULL UNIQUE,
            created_at {d.Instant} NOT NULL
        );
        """;

    private static string Version2(IDialect d) => $"""
        CREATE TABLE task_hub (name {d.Text} NOT NULL);
        """;

    private static string Version3(IDialect d) => $"""
        ALTER TABLE commands ADD COLUMN details {d.Text};
        ALTER TABLE rollouts ADD COLUMN emergency {d.Text};
        ALTER TABLE rollouts ADD COLUMN freeze_override {d.Text};
        """;
}
