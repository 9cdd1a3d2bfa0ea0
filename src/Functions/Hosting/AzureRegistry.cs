using Azure.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Sluice.Api.Keys;
using Sluice.Api.Settings;
using Sluice.Catalog.Store;
using Sluice.Functions.Tables;
using Sluice.Orchestration.Ports;
using Sluice.Registry;

namespace Sluice.Functions.Hosting;

/// <summary>
/// Where this host keeps what was deployed: PostgreSQL when one is configured, else the tables of its storage account. It is opened by the
/// first invocation that needs it, and by the next when that fails: a database that is down at the start must not end the worker.
/// </summary>
public sealed class AzureRegistry(
    SluiceSettings settings, IConfiguration configuration, TokenCredential credential, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    private const string AdminName = "admin";

    // What a token for the database is asked for, whatever the server's name.
    private static readonly TokenRequestContext DatabaseToken = new(["https://ossrdbms-aad.database.windows.net/.default"]);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly ILogger _logger = loggers.CreateLogger<AzureRegistry>();
    private volatile OpenRegistry? _open;

    /// <summary>Bundles, rollouts, deployments, baselines.</summary>
    public IDeploymentRegistry Deployments => Open.Deployments;

    /// <summary>Events and the audit trail.</summary>
    public IEventLog Events => Open.Events;

    /// <summary>Locks, commands, desired states, compensation stacks.</summary>
    public ICoordination Coordination => Open.Coordination;

    /// <summary>Who may call.</summary>
    public IAccessKeys Keys => Open.Keys;

    /// <summary>The catalogue, which only PostgreSQL keeps.</summary>
    public CatalogStore Catalogue => Open.Catalogue ?? throw new InvalidOperationException("Tables keep no catalogue.");

    private OpenRegistry Open => _open ?? throw new InvalidOperationException("The registry is used before an invocation has opened it.");

    /// <summary>Returns once it is open.</summary>
    /// <exception cref="RegistryException">It cannot be opened now; says where and why.</exception>
    public async Task EnsureOpenAsync(CancellationToken cancellationToken)
    {
        if (_open is not null)
        {
            return;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_open is null)
            {
                var opened = await OpenAsync(cancellationToken);
                await EnsureAdminAsync(opened.Keys, cancellationToken);
                _logger.RegistryOpened(opened.Place);
                _open = opened;
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Asks it for an answer; for deep health.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="RegistryException">It does not answer.</exception>
    public async Task<string> PingAsync(CancellationToken cancellationToken)
    {
        await Open.PingAsync(cancellationToken);
        return Open.Place;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_open is { } open)
        {
            await open.DisposeAsync();
        }

        _opening.Dispose();
    }

    private async Task<OpenRegistry> OpenAsync(CancellationToken cancellationToken)
    {
        if (!string.IsNullOrWhiteSpace(settings.Registry.ConnectionString))
        {
            var postgres = await SluiceRegistry.OpenAsync(
                "", settings.Registry.ConnectionString, settings.Azure.PostgresIdentity ? PasswordAsync : null, loggers.CreateLogger<SluiceRegistry>(), cancellationToken);
            try
            {
                var catalogue = await CatalogStore.OpenAsync(
                    DatabaseAddress.ParsePostgres(settings.Registry.ConnectionString.Trim()) with { Password = settings.Azure.PostgresIdentity ? PasswordAsync : null },
                    cancellationToken);
                return new OpenRegistry(
                    postgres.Deployments, postgres.Events, postgres.Coordination, postgres.Keys, catalogue, postgres.Place, postgres.PingAsync, CloseAsync);

                async ValueTask CloseAsync()
                {
                    await catalogue.DisposeAsync();
                    await postgres.DisposeAsync();
                }
            }
            catch (CatalogStoreException e)
            {
                await postgres.DisposeAsync();
                throw new RegistryException(RegistryError.RegistryUnavailable, e.Message, e);
            }
            catch
            {
                await postgres.DisposeAsync();
                throw;
            }
        }

        var client = StorageConnection.Tables(configuration, settings.Azure.TableConnection, credential);
        var tables = await TableRegistry.OpenAsync(client, settings.Azure.TablePrefix, loggers.CreateLogger<TableRegistry>(), cancellationToken);
        return new OpenRegistry(
            tables.Deployments, tables.Events, tables.Coordination, tables.Keys, null, tables.Place, tables.PingAsync, () => ValueTask.CompletedTask);
    }

    private async ValueTask<string> PasswordAsync(CancellationToken cancellationToken) =>
        (await credential.GetTokenAsync(DatabaseToken, cancellationToken)).Token;

    // The key that the settings hold is the first one; a new text there replaces the old, so that a lost key never locks its owner out.
    private async Task EnsureAdminAsync(IAccessKeys keys, CancellationToken cancellationToken)
    {
        var known = await keys.ListAsync(cancellationToken);
        if (settings.Azure.AdminKey is not { } text)
        {
            if (known.Count == 0)
            {
                _logger.NoKey();
            }

            return;
        }

        var key = new AccessKey(AdminName, Role.Admin, [], KeyText.Hash(text), time.GetUtcNow());
        if (known.SingleOrDefault(k => k.Name == AdminName) is { } present)
        {
            if (present.Sha256 == key.Sha256)
            {
                return;
            }

            await keys.RemoveAsync(AdminName, cancellationToken);
            _logger.AdminKeyReplaced();
        }

        await keys.AddAsync(key, cancellationToken);
    }

    private sealed record OpenRegistry(
        IDeploymentRegistry Deployments,
        IEventLog Events,
        ICoordination Coordination,
        IAccessKeys Keys,
        CatalogStore? Catalogue,
        string Place,
        Func<CancellationToken, Task> PingAsync,
        Func<ValueTask> DisposeAsync);
}
