using Azure.Data.Tables;
using Sluice.Registry;

namespace Sluice.Functions.Tables;

/// <summary>The tables of one registry.</summary>
/// <param name="Schema">The version, one row.</param>
/// <param name="Bundles">A partition for each bundle.</param>
/// <param name="Rollouts">Rollouts.</param>
/// <param name="Deployments">Deployments and their baselines.</param>
/// <param name="Events">Events.</param>
/// <param name="Audit">The audit trail and its head.</param>
/// <param name="Locks">A row for each environment.</param>
/// <param name="Commands">A partition for each rollout: commands, desired state, compensation stack.</param>
/// <param name="Keys">Access keys.</param>
internal sealed record TableSet(
    Table Schema, Table Bundles, Table Rollouts, Table Deployments, Table Events, Table Audit, Table Locks, Table Commands, Table Keys)
{
    /// <summary>Names of the tables, without their prefix.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["schema", "bundles", "rollouts", "deployments", "events", "audit", "locks", "commands", "keys"];

    public static TableSet Of(TableServiceClient client, string prefix, TableFaults faults, TimeProvider time)
    {
        var tables = Names.Select(n => new Table(client.GetTableClient(prefix + n), faults, time)).ToList();
        return new(tables[0], tables[1], tables[2], tables[3], tables[4], tables[5], tables[6], tables[7], tables[8]);
    }

    public IReadOnlyList<Table> All => [Schema, Bundles, Rollouts, Deployments, Events, Audit, Locks, Commands, Keys];
}

/// <summary>The version of the rows' shape.</summary>
internal static class TableSchema
{
    /// <summary>The version this program reads and writes.</summary>
    public const long Current = 1;

    public const string Partition = "schema";
    public const string VersionKey = "version";

    /// <summary>Makes the tables that are missing; safe to run twice and from two processes at once.</summary>
    /// <returns>The version found; 0 when there was none.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.RegistryNewer"/> when a newer program was here.</exception>
    public static async Task<long> MigrateAsync(TableSet tables, TableAudit audit, string place, CancellationToken cancellationToken)
    {
        var found = await VersionAsync(tables.Schema, cancellationToken) ?? 0;
        if (found > Current)
        {
            throw new RegistryException(
                RegistryError.RegistryNewer,
                $"{place} has schema version {found}, this program knows versions up to {Current}: use the newer Sluice, or a backup from before it.");
        }

        await Task.WhenAll(tables.All.Select(t => t.CreateAsync(cancellationToken)));
        if (found == 0)
        {
            // The version last: whoever stops half-way begins again. The audit's head is never made later, so that a removed one shows.
            await audit.BeginAsync(cancellationToken);
            await tables.Schema.TryWriteAsync(
                [Change.Add(new TableEntity(Partition, VersionKey) { ["Version"] = Current })], cancellationToken);
        }

        return found;
    }

    /// <summary>The version written there, or null.</summary>
    public static async Task<long?> VersionAsync(Table schema, CancellationToken cancellationToken) =>
        (await schema.FindAsync(Partition, VersionKey, cancellationToken))?.GetInt64("Version");
}
