using System.Net.Sockets;
using Sluice.Catalog.Sample;
using Sluice.Catalog.Store;
using Sluice.CatalogApi;

// Exit codes: 0 stopped when told to, 1 the world refused (database, port), 2 the settings are wrong.
try
{
    var settings = ApiSettings.Read(Environment.GetEnvironmentVariable);
    await using var store = await CatalogStore.OpenAsync(settings.Database, CancellationToken.None);
    await store.SeedAsync(SampleCatalogue.Read, CancellationToken.None);
    await using var app = CatalogServer.Build(settings, store, TimeProvider.System, CatalogServer.Crash);
    await app.ListenAsync(settings, store);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (SettingsException e)
{
    await Console.Error.WriteLineAsync($"CatalogApi cannot start; {e.Faults.Count} of its environment variables are wrong:");
    foreach (var fault in e.Faults)
    {
        await Console.Error.WriteLineAsync($"  {fault}");
    }

    return 2;
}
catch (OperationCanceledException)
{
    // Told to stop while FAULT_START_DELAY_MS or FAULT_NEVER_LISTEN held it back.
    return 0;
}
catch (Exception e) when (e is CatalogStoreException or IOException or SocketException)
{
    await Console.Error.WriteLineAsync($"CatalogApi cannot start: {e.Message}");
    return 1;
}
