using Microsoft.Extensions.Hosting;
using Sluice.Api.Settings;
using Sluice.Functions.Hosting;

try
{
    await FunctionsHost.CreateBuilder(args).Build().RunAsync();
    return 0;
}
catch (SettingsException e)
{
    // The host copies this into its log, as an error where it finds that word. A worker that does not start loses nothing: orchestrations
    // wait for one that does.
    foreach (var fault in e.Faults)
    {
        await Console.Error.WriteLineAsync($"error: Sluice cannot start: {fault}");
    }

    return 1;
}
