using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>Bundles, rollouts, deployments and baselines.</summary>
internal sealed class DeploymentRegistry(Database database) : IDeploymentRegistry
{
    // A promoted rollout has an end; the start stands in for a row that somebody imported without one.
    private const string NewestCompletion = "COALESCE(completed_at, started_at) DESC, started_at DESC, id DESC";

    private readonly IDialect _dialect = database.Dialect;
    private readonly string _rollouts = RolloutRow.Select(database.Dialect);
    private readonly string _deployments = DeploymentRow.Select(database.Dialect);

    public async Task<string> PutBundleAsync(Bundle bundle, CancellationToken cancellationToken)
    {
        var bytes = BundleBytes.Write(bundle);
        var hash = BundleBytes.Hash(bytes);
        await database.ExecuteAsync(
            "INSERT INTO plans (hash, bundle) VALUES (@hash, @bytes) ON CONFLICT (hash) DO NOTHING", new { hash, bytes }, cancellationToken);
        return hash;
    }

    public async Task<Bundle?> GetBundleAsync(string hash, CancellationToken cancellationToken)
    {
        var bytes = await database.FindAsync<byte[]>("SELECT bundle FROM plans WHERE hash = @hash", new { hash }, cancellationToken);
        return bytes is null
            ? null
            : BundleBytes.Hash(bytes) == hash
                ? BundleBytes.Read(bytes)
                : throw new RegistryException(RegistryError.RegistryCorrupt, $"The bundle {hash} no longer has this hash: its row was changed.");
    }

    public Task<RolloutRecord> AddRolloutAsync(RolloutRecord rollout, CancellationToken cancellationToken) =>
        database.WriteAsync(async session =>
        {
            await session.ExecuteAsync(RolloutRow.Insert(_dialect), RolloutRow.From(rollout));
            return (await session.FindAsync<RolloutRow>($"{_rollouts} WHERE id = @Id", new { rollout.Id }))!.ToRecord();
        }, cancellationToken);

    public async Task<RolloutRecord?> GetRolloutAsync(string id, CancellationToken cancellationToken) =>
        (await database.FindAsync<RolloutRow>($"{_rollouts} WHERE id = @id", new { id }, cancellationToken))?.ToRecord();

    public async Task<Page<RolloutRecord>> ListRolloutsAsync(RolloutQuery query, CancellationToken cancellationToken)
    {
        var cursor = Cursor.Read("rollouts", query.Cursor);
        var limit = Cursor.Clamp(query.Limit);
        var where = new Filter()
            .And(query.Service is not null, "service = @Service")
            .And(query.Environment is not null, "environment = @Environment")
            .And(query.Phase is not null, "phase = @Phase")
            .And(cursor is not null, $"(created_at, id) < ({_dialect.ToInstant("@CursorAt")}, @CursorId)");
        var rows = await database.QueryAsync<RolloutRow>(
            $"{_rollouts} {where} ORDER BY created_at DESC, id DESC LIMIT @Rows",
            new
            {
                query.Service,
                query.Environment,
                Phase = query.Phase is { } phase ? Stored<Phase>.Name(phase) : null,
                CursorAt = cursor?.At,
                CursorId = cursor?.Id,
                Rows = limit + 1,
            },
            cancellationToken);
        return Cursor.Page(rows, limit, r => r.ToRecord(), r => new Cursor("rollouts", r.CreatedAt, r.Id));
    }

    public Task SetRolloutStatusAsync(string id, long sequence, RolloutStatus status, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            UPDATE rollouts SET phase = @phase, status_json = @json, status_sequence = @sequence
            WHERE id = @id AND status_sequence <= @sequence
            """,
            new { id, sequence, phase = Stored<Phase>.Name(status.Phase), json = DurableJson.Write(status) },
            cancellationToken);

    public Task PutDeploymentAsync(Deployment deployment, CancellationToken cancellationToken) =>
        database.ExecuteAsync(DeploymentRow.Upsert(_dialect), DeploymentRow.From(deployment), cancellationToken);

    public async Task<Deployment?> GetDeploymentAsync(string id, CancellationToken cancellationToken) =>
        (await database.FindAsync<DeploymentRow>($"{_deployments} WHERE id = @id", new { id }, cancellationToken))?.ToDeployment();

    public async Task<Page<Deployment>> ListDeploymentsAsync(DeploymentQuery query, CancellationToken cancellationToken)
    {
        var cursor = Cursor.Read("deployments", query.Cursor);
        var limit = Cursor.Clamp(query.Limit);
        var where = new Filter()
            .And(query.Service is not null, "service = @Service")
            .And(query.Environment is not null, "environment = @Environment")
            .And(query.Status is not null, "status = @Status")
            .And(query.From is not null, $"started_at >= {_dialect.ToInstant("@From")}")
            .And(query.To is not null, $"started_at < {_dialect.ToInstant("@To")}")
            .And(cursor is not null, $"(started_at, id) < ({_dialect.ToInstant("@CursorAt")}, @CursorId)");
        var rows = await database.QueryAsync<DeploymentRow>(
            $"{_deployments} {where} ORDER BY started_at DESC, id DESC LIMIT @Rows",
            new
            {
                query.Service,
                query.Environment,
                Status = query.Status is { } status ? Stored<DeploymentStatus>.Name(status) : null,
                From = Stored.Ms(query.From),
                To = Stored.Ms(query.To),
                CursorAt = cursor?.At,
                CursorId = cursor?.Id,
                Rows = limit + 1,
            },
            cancellationToken);
        return Cursor.Page(rows, limit, r => r.ToDeployment(), r => new Cursor("deployments", r.StartedAt, r.Id));
    }

    public async Task<IReadOnlyList<Deployment>> ListSuccessfulAsync(
        string service, string environment, int count, CancellationToken cancellationToken) =>
    [
        .. (await database.QueryAsync<DeploymentRow>(
            $"""
            {_deployments} WHERE service = @service AND environment = @environment AND status = 'success'
            ORDER BY {NewestCompletion} LIMIT @count
            """,
            new { service, environment, count },
            cancellationToken)).Select(r => r.ToDeployment()),
    ];

    public async Task<IReadOnlyList<(string Service, string Environment)>> ListEnvironmentsAsync(CancellationToken cancellationToken) =>
    [
        .. (await database.QueryAsync<EnvironmentRow>(
            "SELECT DISTINCT service AS Service, environment AS Environment FROM deployments ORDER BY service, environment",
            null,
            cancellationToken)).Select(r => (r.Service, r.Environment)),
    ];

    public Task PutBaselinesAsync(string deploymentId, IReadOnlyDictionary<string, double> values, CancellationToken cancellationToken)
    {
        Stored.RequireFinite(values);
        return database.WriteAsync(async session =>
        {
            // In one order everywhere, so that two writers of the same rows wait for each other instead of meeting crosswise.
            foreach (var (metric, value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
            {
                await session.ExecuteAsync(
                    """
                    INSERT INTO deployment_baselines (deployment_id, metric, value) VALUES (@deploymentId, @metric, @value)
                    ON CONFLICT (deployment_id, metric) DO UPDATE SET value = excluded.value
                    """,
                    new { deploymentId, metric, value });
            }

            return values.Count;
        }, cancellationToken);
    }

    public async Task<IReadOnlyList<IReadOnlyDictionary<string, double>>> ListBaselinesAsync(
        string service, string environment, int count, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<BaselineRow>(
            $"""
            WITH good AS (
                SELECT id, row_number() OVER (ORDER BY {NewestCompletion}) AS place FROM deployments d
                WHERE service = @service AND environment = @environment AND status = 'success'
                  AND EXISTS (SELECT 1 FROM deployment_baselines b WHERE b.deployment_id = d.id))
            SELECT good.place AS Place, b.metric AS Metric, b.value AS Value
            FROM good JOIN deployment_baselines b ON b.deployment_id = good.id
            WHERE good.place <= @count ORDER BY good.place, b.metric
            """,
            new { service, environment, count },
            cancellationToken);
        return [.. rows.GroupBy(r => r.Place).Select(g => g.ToDictionary(r => r.Metric, r => r.Value))];
    }

    private sealed class EnvironmentRow
    {
        public string Service { get; init; } = "";

        public string Environment { get; init; } = "";
    }

    private sealed class BaselineRow
    {
        public long Place { get; init; }

        public string Metric { get; init; } = "";

        public double Value { get; init; }
    }
}
