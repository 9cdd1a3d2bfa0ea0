using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Functions.Tables;
using Sluice.Testing.Contract;

namespace Sluice.Functions.Tests.Tables;

/// <summary>Tables of its own in the storage account that <c>SLUICE_TEST_TABLES</c> names, a connection string of Azurite or Azure.</summary>
public sealed class TablePlace : RegistryPlace
{
    /// <summary>Begins the names of this test's tables.</summary>
    public string Prefix { get; } = $"t{Guid.NewGuid():N}";

    /// <summary>The account; skips the test when there is none.</summary>
    public static string Server
    {
        get
        {
            var server = Environment.GetEnvironmentVariable("SLUICE_TEST_TABLES");
            Assert.SkipWhen(string.IsNullOrEmpty(server), "SLUICE_TEST_TABLES names no storage account.");
            return server!;
        }
    }

    /// <summary>One table, behind the registry's back.</summary>
    public TableClient Table(string name) => Client().GetTableClient(Prefix + name);

    /// <summary>A client whose requests pass by these policies.</summary>
    public static TableServiceClient Client(params HttpPipelinePolicy[] policies)
    {
        var options = new TableClientOptions();
        foreach (var policy in policies)
        {
            options.AddPolicy(policy, HttpPipelinePosition.PerCall);
        }

        return new TableServiceClient(Server, options);
    }

    public override long CurrentSchema => 1;

    public override async Task<OpenRegistry> OpenAsync()
    {
        var registry = await OpenRegistryAsync();
        return new(registry.Deployments, registry.Events, registry.Coordination, registry.Keys, registry.PingAsync, Owner: null);
    }

    public Task<TableRegistry> OpenRegistryAsync(params HttpPipelinePolicy[] policies) =>
        TableRegistry.OpenAsync(Client(policies), Prefix, NullLogger<TableRegistry>.Instance, default);

    public override async Task<IReadOnlyList<long>> SchemaVersionsAsync()
    {
        var versions = new List<long>();
        await foreach (var row in Table("schema").QueryAsync<TableEntity>())
        {
            versions.Add(row.GetInt64("Version")!.Value);
        }

        return versions;
    }

    public override async Task SetSchemaVersionAsync(long version) =>
        await Table("schema").UpsertEntityAsync(new TableEntity("schema", "version") { ["Version"] = version });

    public override async Task ChangeBundleAsync(string hash) =>
        await Table("bundles").UpsertEntityAsync(new TableEntity(hash, "000") { ["Bytes"] = "{}"u8.ToArray() });

    public override async Task TamperAsync(AuditTampering tampering, long number)
    {
        var audit = Table("audit");
        var key = $"n{number:D19}";
        switch (tampering)
        {
            case AuditTampering.ChangeActor:
                await audit.UpsertEntityAsync(new TableEntity("audit", key) { ["Actor"] = "mallory" });
                break;
            case AuditTampering.ChangeHash:
                await audit.UpsertEntityAsync(new TableEntity("audit", key) { ["Hash"] = "x" });
                break;
            case AuditTampering.DropDetail:
                TableEntity entry = await audit.GetEntityAsync<TableEntity>("audit", key);
                Assert.True(entry.Remove("Detail"));
                await audit.UpsertEntityAsync(entry, TableUpdateMode.Replace);
                break;
            case AuditTampering.Remove:
                await audit.DeleteEntityAsync("audit", key);
                break;
            case AuditTampering.RemoveAll:
                await foreach (var row in audit.QueryAsync<TableEntity>(e => e.RowKey != "head"))
                {
                    await audit.DeleteEntityAsync(row);
                }

                break;
            case AuditTampering.RemoveHead:
                await audit.DeleteEntityAsync("audit", "head");
                break;
            case AuditTampering.NumberAs9:
                TableEntity moved = await audit.GetEntityAsync<TableEntity>("audit", key);
                await audit.DeleteEntityAsync("audit", key);
                moved.RowKey = $"n{9:D19}";
                moved["Number"] = 9L;
                await audit.AddEntityAsync(moved);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(tampering), tampering, null);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("SLUICE_TEST_TABLES")))
        {
            return;
        }

        var client = Client();
        await Task.WhenAll(TableSet.Names.Select(name => client.DeleteTableAsync(Prefix + name)));
    }
}
