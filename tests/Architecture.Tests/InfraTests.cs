using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Api.Settings;

namespace Sluice.Architecture.Tests;

/// <summary>What infra/ promises, read from its files; the compiler of Bicep judges the rest in CI.</summary>
public sealed partial class InfraTests
{
    private static readonly string Infra = Path.Combine(Repository.Root, "infra");

    // Read by the Functions host, the Azure SDK and OpenTelemetry.
    private static readonly string[] HostSettings =
    [
        "AZURE_CLIENT_ID", "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId",
        "AzureWebJobsDisableHomepage", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ];

    // Which lines a file must have that declares a resource of this type: no keys, no passwords, no public door that is not meant.
    private static readonly Dictionary<string, string[]> Closed = new()
    {
        ["Microsoft.Storage/storageAccounts"] =
            ["allowSharedKeyAccess: false", "allowBlobPublicAccess: false", "minimumTlsVersion: 'TLS1_2'", "supportsHttpsTrafficOnly: true"],
        ["Microsoft.KeyVault/vaults"] = ["enableRbacAuthorization: true", "enablePurgeProtection: true", "enableSoftDelete: true"],
        ["Microsoft.DBforPostgreSQL/flexibleServers"] = ["passwordAuth: 'Disabled'", "publicNetworkAccess: 'Disabled'"],
        ["Microsoft.Cache/redisEnterprise"] =
            ["accessKeysAuthentication: 'Disabled'", "publicNetworkAccess: 'Disabled'", "clientProtocol: 'Encrypted'"],
        ["Microsoft.OperationalInsights/workspaces"] = ["disableLocalAuth: true"],
        ["Microsoft.Insights/components"] = ["DisableLocalAuth: true"],
        ["Microsoft.Web/sites"] = ["httpsOnly: true", "minTlsVersion: '1.2'", "ftpsState: 'Disabled'", "allow: false"],
    };

    [Fact]
    public void Every_setting_given_to_the_app_is_one_that_somebody_reads()
    {
        var given = Setting().Matches(File.ReadAllText(Path.Combine(Infra, "modules", "functions.bicep"))).Select(m => m.Value).ToList();

        Assert.NotEmpty(given);
        Assert.All(given, name => Assert.True(IsRead(name), $"Nothing reads {name}."));
    }

    [Fact]
    public void Keys_passwords_and_public_doors_are_off()
    {
        var found = new HashSet<string>();
        foreach (var file in BicepFiles())
        {
            var text = File.ReadAllText(file);
            foreach (var (type, lines) in Closed)
            {
                if (Regex.IsMatch(text, $"'{Regex.Escape(type)}@[^']+' = ", RegexOptions.None, TimeSpan.FromSeconds(1)))
                {
                    found.Add(type);
                    Assert.All(lines, line => Assert.True(text.Contains(line, StringComparison.Ordinal), $"{file}: {type} without {line}"));
                }
            }
        }

        Assert.Equal(Closed.Keys.Order(), found.Order());
    }

    [Fact]
    public void Roles_are_given_on_one_resource_and_never_the_right_to_give_rights()
    {
        var known = RoleName().Matches(File.ReadAllText(Path.Combine(Infra, "modules", "roles.bicep"))).Select(m => m.Groups["name"].Value);
        Assert.DoesNotContain(known, name => name is "owner" or "contributor" or "userAccessAdministrator");
        foreach (var file in BicepFiles().Where(f => !f.EndsWith("identity.bicep", StringComparison.Ordinal)))
        {
            // The deployer of identity.bicep is the one who acts on the whole group: it has to find the app there.
            var text = File.ReadAllText(file);
            var scopes = Regex.Count(text, @"^\s*scope: (account|vault|insights)", RegexOptions.Multiline, TimeSpan.FromSeconds(1));
            Assert.Equal(Regex.Count(text, "Microsoft.Authorization/roleAssignments@", RegexOptions.None, TimeSpan.FromSeconds(1)), scopes);
        }
    }

    [Fact]
    public void The_files_that_azd_is_told_of_exist()
    {
        var text = File.ReadAllText(Path.Combine(Infra, "azure.yaml"));

        Assert.Equal(["Functions.csproj"], Values("project").SelectMany(p => Directory.GetFiles(Path.Combine(Infra, p), "*.csproj")).Select(Path.GetFileName));
        Assert.Equal(["main.bicep"], Values("module").Select(m => m + ".bicep").Where(m => File.Exists(Path.Combine(Infra, m))));
        Assert.Equal(Directory.GetFiles(Path.Combine(Infra, "hooks")).Order(), Values("run").Select(r => Path.Combine(Infra, r)).Order());

        IEnumerable<string> Values(string name) =>
            Regex.Matches(text, $@"^\s*{name}: (\S+)$", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Select(m => m.Groups[1].Value);
    }

    [Fact]
    public void Every_parameter_can_be_set_but_the_key_that_makes_itself()
    {
        var declared = Parameter().Matches(File.ReadAllText(Path.Combine(Infra, "main.bicep"))).Select(m => m.Groups["name"].Value);
        using var given = JsonDocument.Parse(File.ReadAllText(Path.Combine(Infra, "main.parameters.json")));

        Assert.Equal(
            declared.Except(["adminKey"]).Order(),
            given.RootElement.GetProperty("parameters").EnumerateObject().Select(p => p.Name).Order());
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("staging")]
    [InlineData("production")]
    public void Every_stage_says_everything_and_keeps_35_days_of_backups(string stage)
    {
        Assert.Equal(Names(Read("dev")), Names(Read(stage)));
        Assert.Equal(35, Read(stage).GetProperty("postgres").GetProperty("backupDays").GetInt32());

        static JsonElement Read(string name) => JsonElement.Parse(File.ReadAllText(Path.Combine(Infra, "stages", name + ".json")));

        static IEnumerable<string> Names(JsonElement element) => element.ValueKind != JsonValueKind.Object ? [] :
            element.EnumerateObject().SelectMany(p => Names(p.Value).Select(n => $"{p.Name}.{n}").Prepend(p.Name));
    }

    [Fact]
    public void Every_query_is_of_an_alert_and_looks_for_what_the_product_writes()
    {
        var alerts = File.ReadAllText(Path.Combine(Infra, "modules", "alerts.bicep"));
        var written = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "Log.cs", SearchOption.AllDirectories)
            .SelectMany(file => Entry().Matches(File.ReadAllText(file)).Select(m => m.Groups["name"].Value))
            .Append("PoisonMessageDetected") // the storage provider's
            .ToHashSet();
        // Names of metrics and of their labels.
        var measured = Directory.GetFiles(Path.Combine(Repository.Root, "src", "Orchestration", "Telemetry"), "*.cs")
            .SelectMany(file => Metric().Matches(File.ReadAllText(file)).Select(m => m.Groups["name"].Value)).ToHashSet();

        foreach (var file in Directory.GetFiles(Path.Combine(Infra, "alerts"), "*.kql"))
        {
            Assert.Contains($"loadTextContent('../alerts/{Path.GetFileName(file)}')", alerts, StringComparison.Ordinal);
            var query = File.ReadAllText(file);
            Assert.Empty(EventName().Matches(query).Select(m => m.Groups["name"].Value).Except(written));
            Assert.Empty(Metric().Matches(query).Select(m => m.Groups["name"].Value).Except(measured));
        }
    }

    private static bool IsRead(string name)
    {
        if (!name.StartsWith("SLUICE__", StringComparison.Ordinal))
        {
            return HostSettings.Contains(name);
        }

        var parts = name.Split("__");
        var section = typeof(SluiceSettings).GetProperty(parts[1])?.PropertyType;
        return section == typeof(GroupsSettings) ? parts.Length == 2 : section?.GetProperty(parts[2])?.CanWrite == true;
    }

    private static IEnumerable<string> BicepFiles() => Directory.GetFiles(Infra, "*.bicep", SearchOption.AllDirectories);

    // A name in capitals or of the host, before a colon: everything else in the file is of Azure's own types.
    [GeneratedRegex(@"\b(SLUICE__|AzureWebJobs|APPLICATIONINSIGHTS_|AZURE_|OTEL_)\w*(?=:)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Setting();

    [GeneratedRegex(@"^  (?<name>\w+): '", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RoleName();

    [GeneratedRegex(@"^param (?<name>\w+) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"static partial void (?<name>\w+)\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"EventName\) == '(?<name>\w+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EventName();

    [GeneratedRegex("""["'](?<name>sluice\.[a-z._]+)["']""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Metric();
}
