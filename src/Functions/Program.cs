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
    // The host copies lines with the word "error" into its log as errors, others as information, which host.json leaves out. A worker
    // that does not start loses nothing: orchestrations wait for one that does.
    foreach (var fault in e.Faults)
    {
        await Console.Error.WriteLineAsync($"error: Sluice cannot start: {fault}");
    }

    return 1;
}
