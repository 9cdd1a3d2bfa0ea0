using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Sluice.Orchestration.Ports;
using Sluice.Registry;

namespace Sluice.Functions.Tables;

/// <summary>
/// What was deployed, by whom, and who may, in Azure Table storage: for a host without PostgreSQL. Writers meet at ETags instead of
/// transactions: each reads, decides, and writes on the condition that nothing changed meanwhile.
/// </summary>
/// <remarks>
/// Rows that change together lie in one partition. A partition takes some thousand rows a second, and a busy installation writes a few:
/// so a table's rows are one partition, unless nothing ever reads across them.
/// </remarks>
public sealed class TableRegistry
{
    private const int MaxPrefix = 40;

    private readonly TableSet _tables;

    private TableRegistry(TableSet tables, TableAudit audit, TableFaults faults, string place)
    {
        _tables = tables;
        Place = place;
        Deployments = new TableDeployments(tables, faults);
        Events = new TableEvents(tables.Events, audit);
        Coordination = new TableCoordination(tables);
        Keys = new TableAccessKeys(tables.Keys);
    }

    /// <summary>Bundles, rollouts, deployments, baselines.</summary>
    public IDeploymentRegistry Deployments { get; }

    /// <summary>Events and the audit trail.</summary>
    public IEventLog Events { get; }

    /// <summary>Locks, commands, desired states, compensation stacks.</summary>
    public ICoordination Coordination { get; }

    /// <summary>Who may call.</summary>
    public IAccessKeys Keys { get; }

    /// <summary>Where it is, for people; no key.</summary>
    public string Place { get; }

    /// <summary>Opens the registry and makes the tables that are missing.</summary>
    /// <param name="client">The storage account.</param>
    /// <param name="prefix">Begins the names of its tables: a letter, then letters and digits, at most 40 in all.</param>
    /// <param name="logger">Told when the tables were made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RegistryException">It cannot be opened; says what to do.</exception>
    public static async Task<TableRegistry> OpenAsync(
        TableServiceClient client, string prefix, ILogger<TableRegistry> logger, CancellationToken cancellationToken)
    {
        // A table's name has 3 to 63 letters and digits, and a letter first; two that differ in case only are one.
        if (prefix.Length is 0 or > MaxPrefix || !char.IsAsciiLetter(prefix[0]) || !prefix.All(char.IsAsciiLetterOrDigit))
        {
            throw new RegistryException(
                RegistryError.RegistryMisconfigured,
                $"'{prefix}' cannot begin the names of tables: expected a letter, then letters and digits, at most {MaxPrefix} in all, such as sluice.");
        }

        // Without its query: a client made of a shared access signature has the signature there.
        var place = $"Azure Table storage at {client.Uri.GetLeftPart(UriPartial.Path)}, tables {prefix}*";
        var faults = new TableFaults(place);
        var tables = TableSet.Of(client, prefix, faults, TimeProvider.System);
        var audit = new TableAudit(tables.Audit, faults);
        var found = await TableSchema.MigrateAsync(tables, audit, place, cancellationToken);
        if (found < TableSchema.Current)
        {
            logger.Migrated(place, (int)found, (int)TableSchema.Current);
        }

        return new TableRegistry(tables, audit, faults, place);
    }

    /// <summary>Asks the storage for an answer; for health checks.</summary>
    /// <exception cref="RegistryException">It does not answer, or has lost its schema row.</exception>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        if (await TableSchema.VersionAsync(_tables.Schema, cancellationToken) is null)
        {
            throw new RegistryException(RegistryError.RegistryCorrupt, $"{Place}, has lost its schema row: were its tables deleted?");
        }
    }
}
