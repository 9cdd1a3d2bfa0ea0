using Azure.Data.Tables;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Sluice.Registry.Storage;

namespace Sluice.Functions.Tables;

/// <summary>
/// Bundles, rollouts, deployments and baselines. A deployment is one row under its id with its baselines, whose ETag is the fence, and
/// copies of it: in the list, newest start first; while it is a success also among those of its environment, newest completion first; and
/// a row that says that the environment exists. All are written together.
/// </summary>
internal sealed class TableDeployments(TableSet tables, TableFaults faults) : IDeploymentRegistry
{
    private const string Partition = "deployments";
    private const string ListPrefix = "t";
    private const string EnvironmentPrefix = "e";
    private const string BaselinesProperty = "Baselines";
    private const string HasBaselines = "HasBaselines";

    private readonly Table _table = tables.Deployments;
    private readonly TableBundles _bundles = new(tables.Bundles, faults);
    private readonly TableRollouts _rollouts = new(tables.Rollouts);

    public Task<string> PutBundleAsync(Bundle bundle, CancellationToken cancellationToken) => _bundles.PutAsync(bundle, cancellationToken);

    public Task<Bundle?> GetBundleAsync(string hash, CancellationToken cancellationToken) => _bundles.GetAsync(hash, cancellationToken);

    public Task<RolloutRecord> AddRolloutAsync(RolloutRecord rollout, CancellationToken cancellationToken) =>
        _rollouts.AddAsync(rollout, cancellationToken);

    public Task<RolloutRecord?> GetRolloutAsync(string id, CancellationToken cancellationToken) => _rollouts.GetAsync(id, cancellationToken);

    public Task<Page<RolloutRecord>> ListRolloutsAsync(RolloutQuery query, CancellationToken cancellationToken) =>
        _rollouts.ListAsync(query, cancellationToken);

    public Task SetRolloutStatusAsync(string id, long sequence, RolloutStatus status, CancellationToken cancellationToken) =>
        _rollouts.SetStatusAsync(id, sequence, status, cancellationToken);

    public Task PutDeploymentAsync(Deployment deployment, CancellationToken cancellationToken)
    {
        var row = DeploymentRow.From(deployment);
        return _table.RunAsync(async () =>
        {
            var read = await _table.FindAsync(Partition, IdKey(row.Id), cancellationToken);
            return (await _table.TryWriteAsync(Changes(row.Id, read, row, read?.GetText(BaselinesProperty)), cancellationToken), row);
        }, cancellationToken);
    }

    public async Task<Deployment?> GetDeploymentAsync(string id, CancellationToken cancellationToken) =>
        Row(await _table.FindAsync(Partition, IdKey(id), cancellationToken))?.ToDeployment();

    public async Task<Page<Deployment>> ListDeploymentsAsync(DeploymentQuery query, CancellationToken cancellationToken)
    {
        var cursor = Cursor.Read("deployments", query.Cursor);
        var limit = Cursor.Clamp(query.Limit);
        // Times narrow the range of keys, newest first: what is before `to` is behind it. The rest the server compares as it walks.
        var filter = new RowFilter(Partition)
            .From(ListPrefix)
            .Before(RowKeys.Behind(ListPrefix))
            .From(query.To is { } to ? ListPrefix + RowKeys.Descending(Stored.Ms(to) - 1) : null)
            .Before(query.From is { } from ? ListPrefix + RowKeys.Descending(Stored.Ms(from) - 1) : null)
            .After(cursor is null ? null : ListKey(cursor.At, cursor.Id))
            .Equal(nameof(DeploymentRow.Service), query.Service)
            .Equal(nameof(DeploymentRow.Environment), query.Environment)
            .Equal(nameof(DeploymentRow.Status), query.Status is { } status ? Stored<DeploymentStatus>.Name(status) : null);
        var rows = await _table.QueryAsync(filter.ToString(), limit + 1, cancellationToken);
        return Cursor.Page(
            [.. rows.Select(r => r.To<DeploymentRow>())], limit, r => r.ToDeployment(), r => new Cursor("deployments", r.StartedAt, r.Id));
    }

    public async Task<IReadOnlyList<Deployment>> ListSuccessfulAsync(
        string service, string environment, int count, CancellationToken cancellationToken) =>
    [
        .. (await _table.QueryAsync(Successes(service, environment).ToString(), count, cancellationToken))
            .Select(r => r.To<DeploymentRow>().ToDeployment()),
    ];

    public async Task<IReadOnlyList<(string Service, string Environment)>> ListEnvironmentsAsync(CancellationToken cancellationToken) =>
    [
        .. (await _table.QueryAsync(new RowFilter(Partition).From(EnvironmentPrefix).Before("f").ToString(), int.MaxValue, cancellationToken))
            .Select(r => (r.GetString(nameof(DeploymentRow.Service)), r.GetString(nameof(DeploymentRow.Environment))))
            .OrderBy(e => e.Item1, StringComparer.Ordinal)
            .ThenBy(e => e.Item2, StringComparer.Ordinal),
    ];

    public Task PutBaselinesAsync(string deploymentId, IReadOnlyDictionary<string, double> values, CancellationToken cancellationToken)
    {
        Stored.RequireFinite(values);
        return values.Count == 0 ? Task.CompletedTask : _table.RunAsync(async () =>
        {
            var read = await _table.FindAsync(Partition, IdKey(deploymentId), cancellationToken);
            var all = Values(read?.GetText(BaselinesProperty));
            foreach (var (metric, value) in values)
            {
                all[metric] = value;
            }

            return (await _table.TryWriteAsync(Changes(deploymentId, read, Row(read), DurableJson.Write(all)), cancellationToken), all.Count);
        }, cancellationToken);
    }

    public async Task<IReadOnlyList<IReadOnlyDictionary<string, double>>> ListBaselinesAsync(
        string service, string environment, int count, CancellationToken cancellationToken) =>
    [
        .. (await _table.QueryAsync(Successes(service, environment).True(HasBaselines).ToString(), count, cancellationToken))
            .Select(r => Values(r.GetText(BaselinesProperty))),
    ];

    /// <summary>What to write for a deployment.</summary>
    /// <param name="id">Of the deployment.</param>
    /// <param name="read">The row under the id as it was read; null when there is none.</param>
    /// <param name="row">The deployment; null while only its baselines are known.</param>
    /// <param name="baselines">JSON of the baselines; null when it has none.</param>
    private static List<TableTransactionAction> Changes(string id, TableEntity? read, DeploymentRow? row, string? baselines)
    {
        List<TableTransactionAction> changes = [Change.Put(Entity(IdKey(id), row, baselines), read)];
        if (row is not null)
        {
            var before = Row(read);
            var copies = CopyKeys(row);
            changes.AddRange(copies.Select(key => Change.Overwrite(Entity(key, row, baselines))));
            changes.AddRange((before is null ? [] : CopyKeys(before)).Except(copies).Select(key => Change.Remove(Partition, key)));
            if (before is null)
            {
                // Never removed: deployments are not, and their environment is part of their id.
                changes.Add(Change.Overwrite(new TableEntity(Partition, EnvironmentPrefix + RowKeys.Group(row.Service, row.Environment))
                {
                    [nameof(DeploymentRow.Service)] = row.Service,
                    [nameof(DeploymentRow.Environment)] = row.Environment,
                }));
            }
        }

        return changes;
    }

    private static TableEntity Entity(string key, DeploymentRow? row, string? baselines)
    {
        var entity = row is null ? new TableEntity(Partition, key) : Entities.Of(Partition, key, row);
        if (baselines is not null)
        {
            entity.SetText(BaselinesProperty, baselines);
            entity[HasBaselines] = true;
        }

        return entity;
    }

    /// <summary>The deployment under its id; null when there is none, or only baselines yet.</summary>
    private static DeploymentRow? Row(TableEntity? read) =>
        read is not null && read.ContainsKey(nameof(DeploymentRow.Status)) ? read.To<DeploymentRow>() : null;

    private static Dictionary<string, double> Values(string? json) => DurableJson.Read<Dictionary<string, double>>(json) ?? [];

    private static string IdKey(string id) => "i" + RowKeys.Text(id);

    private static string[] CopyKeys(DeploymentRow row) => row.Status == Stored<DeploymentStatus>.Name(DeploymentStatus.Success)
        ? [ListKey(row.StartedAt, row.Id), SuccessKey(row)]
        : [ListKey(row.StartedAt, row.Id)];

    private static string ListKey(long startedAt, string id) => ListPrefix + RowKeys.Descending(startedAt) + RowKeys.IdDown(id);

    // The start stands in for a completion that somebody imported without one.
    private static string SuccessKey(DeploymentRow row) =>
        SuccessPrefix(row.Service, row.Environment)
        + RowKeys.Descending(row.CompletedAt ?? row.StartedAt) + RowKeys.Descending(row.StartedAt) + RowKeys.IdDown(row.Id);

    private static string SuccessPrefix(string service, string environment) => "s" + RowKeys.Group(service, environment);

    private static RowFilter Successes(string service, string environment) =>
        new RowFilter(Partition).From(SuccessPrefix(service, environment)).Before(RowKeys.Behind(SuccessPrefix(service, environment)));
}
