using Azure.Core;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Api;
using Sluice.Api.Health;
using Sluice.Api.Keys;
using Sluice.Api.Management;
using Sluice.Api.Settings;
using Sluice.Catalog.Cache;
using Sluice.Catalog.Sources;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Durable;
using Sluice.Functions.Adapters;
using Sluice.Functions.Monitor;
using Sluice.Functions.Telemetry;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Platforms;
using Sluice.Platforms.Gateway.Control;
using Sluice.Platforms.Http;
using Sluice.Platforms.Migrations;
using Sluice.Platforms.Secrets;

namespace Sluice.Functions.Hosting;

/// <summary>Everything the Azure host is made of, put together: adapters over Durable Functions, registry, platforms, orchestrations, API.</summary>
public static class FunctionsHost
{
    private const string Prefix = "SLUICE__";

    /// <summary>A builder with everything in it; more may be added before it is built.</summary>
    /// <exception cref="SettingsException">Settings are wrong: every fault, in the words of app settings.</exception>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.Configuration.AddEnvironmentVariables(Prefix);
        builder.AddAzureTelemetry();
        var settings = ReadSettings();
        builder.UseMonitor(settings.Monitor);
        AddSluice(builder.Services, settings);
        return builder;
    }

    /// <summary>Registers the product with a container.</summary>
    internal static void AddSluice(IServiceCollection services, SluiceSettings settings)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton<TokenCredential>(new DefaultAzureCredential());
        services.AddRouting();

        services.AddSingleton<AzureRegistry>();
        services.AddSingleton(s => s.GetRequiredService<AzureRegistry>().Deployments);
        services.AddSingleton(s => s.GetRequiredService<AzureRegistry>().Events);
        services.AddSingleton(s => s.GetRequiredService<AzureRegistry>().Coordination);
        services.AddSingleton(s => s.GetRequiredService<AzureRegistry>().Keys);

        AddPlatforms(services, settings.Azure);

        services.AddSingleton(new DurableTasks().AddSluice().AddSyncs(s => s.GetRequiredService<SyncTools>()));
        services.AddSingleton<FunctionsRunner>();
        services.AddSingleton<FunctionsDurableClient>();
        services.AddSingleton<DurableClient>(s => s.GetRequiredService<FunctionsDurableClient>());
        services.AddSingleton<Invocations>();
        services.AddSingleton(s => new RolloutOptions
        {
            AutoRollback = settings.Rollouts.AutoRollback,
            RetentionDays = settings.Server.EventRetentionDays,
            Freeze = settings.Freeze,
            KnowsApprover = name => Knows(name, settings.Groups, s.GetRequiredService<AzureRegistry>()),
        });
        services.AddSluiceOrchestration();
        if (!string.IsNullOrWhiteSpace(settings.Registry.ConnectionString))
        {
            AddSyncs(services);
        }

        // The durable extension serves the management routes itself, with a key of its own, and knows their URIs.
        services.AddSingleton(s => new ManagementUris((_, id) => Link(s.GetRequiredService<FunctionsDurableClient>().ManagementUri(id))));
        services.AddSluiceApi(settings.Groups, new SystemKey(""));
        services.AddSingleton(s => new HealthProbe("registry", s.GetRequiredService<AzureRegistry>().PingAsync));
        services.AddSingleton(s => new HealthProbe("durable", c => TaskHubAsync(s.GetRequiredService<FunctionsDurableClient>(), c)));
    }

    // Of what is in the environment of the app; a change there restarts it.
    private static void AddSyncs(IServiceCollection services)
    {
        services.AddSingleton(s => new SyncStore(s.GetRequiredService<AzureRegistry>().Catalogue, new SyncThresholds()));
        services.AddSingleton(s => new SourceHttp(new SourceLimits(), s.GetRequiredService<TimeProvider>()));
        if (SyncSettings.Read(Environment.GetEnvironmentVariable).Redis is { } redis)
        {
            services.AddSingleton(s => new SharedCache(redis.Connect(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SharedCache>>()));
        }

        services.AddSingleton(s => new SyncTools(
            s.GetRequiredService<SyncStore>(),
            name => SourceFactory.Create(name, Environment.GetEnvironmentVariable),
            s.GetRequiredService<SourceHttp>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetService<SharedCache>()));
        services.AddSingleton(s => new SyncScheduler(
            s.GetRequiredService<DurableClient>(), () => SyncSettings.Read(Environment.GetEnvironmentVariable), s.GetRequiredService<TimeProvider>(), startedAt: null));
    }

    private static void AddPlatforms(IServiceCollection services, AzureSettings settings)
    {
        if (settings is { DataFolder: { } folder, Program: { } program })
        {
            services.AddSingleton(s => new GatewayClient(folder, new GatewayLaunch([program, "gateway"]), s.GetRequiredService<TimeProvider>()));
            services.AddSingleton<ISecretStore>(new SecretStore(folder));
            services.AddSingleton<IPlatforms>(s => new AzurePlatforms(
                new AdapterSet(s.GetRequiredService<GatewayClient>(), s.GetRequiredService<ISecretStore>(), folder),
                new MetricAdapters(s.GetRequiredService<ISecretStore>(), s.GetRequiredService<TimeProvider>())));
        }
        else
        {
            services.AddSingleton<ISecretStore>(s => new KeyVaultSecretStore(
                settings.KeyVault is { } vault ? new SecretClient(new Uri(vault), s.GetRequiredService<TokenCredential>()) : null));
            services.AddSingleton<IPlatforms>(s => new AzurePlatforms(null, new MetricAdapters(s.GetRequiredService<ISecretStore>(), s.GetRequiredService<TimeProvider>())));
        }

        services.AddSingleton<ISmokeRunner>(s => new SmokeRunner(s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ILoadTest>(s => new LoadTest(s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IMigrator>(s => new SqlMigrator(s.GetRequiredService<TimeProvider>()));
    }

    private static SluiceSettings ReadSettings()
    {
        var builder = new ConfigurationBuilder().AddEnvironmentVariables(Prefix).AddInMemoryCollection(TelemetrySettings.StandardVariables());
        if (Environment.GetEnvironmentVariable(RolloutSettings.AutoRollbackVariable) is { Length: > 0 } autoRollback)
        {
            builder.AddInMemoryCollection([new("Rollouts:AutoRollback", autoRollback)]);
        }

        try
        {
            return SluiceSettings.Read(builder.Build(), Environment.GetEnvironmentVariable);
        }
        catch (SettingsException e)
        {
            // An app setting's name is what its owner has to look for.
            throw new SettingsException([.. e.Faults.Select(AppSetting)]);
        }
    }

    // "Registry:ConnectionString is …" begins with the setting's name. Variables of the syncs have no prefix.
    private static string AppSetting(string fault)
    {
        var end = fault.IndexOf(' ', StringComparison.Ordinal);
        return end < 0 || SyncSettings.Variables.Contains(fault[..end]) ? fault : Prefix + fault[..end].TrimEnd(':').Replace(":", "__", StringComparison.Ordinal) + fault[end..];
    }

    private static InstanceLink Link(Uri uri) => new(uri.GetLeftPart(UriPartial.Path), uri.Query.TrimStart('?'));

    private static async Task<string> TaskHubAsync(FunctionsDurableClient client, CancellationToken cancellationToken)
    {
        await client.GetAllInstancesAsync(new InstanceQuery { PageSize = 1 }, cancellationToken);
        return $"task hub {client.Hub}";
    }

    // Asked while a plan is checked, which is not asynchronous; a registry of keys is small.
    private static bool Knows(string name, GroupsSettings groups, AzureRegistry registry) =>
        groups.Members.ContainsKey(name) || registry.Keys.ListAsync(CancellationToken.None).GetAwaiter().GetResult().Any(k => k.Name == name);
}
