using System.Net;
using System.Net.Sockets;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Functions.Tables;
using Sluice.Registry;

namespace Sluice.Functions.Tests.Tables;

/// <summary>What people are told when the storage does not do its part.</summary>
public sealed class TableFaultTests
{
    private const string Key = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";

    [Fact]
    public async Task A_storage_that_does_not_answer_is_named_without_its_key()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(Client($"http://127.0.0.1:{port}/deploys")));

        Assert.StartsWith($"RegistryUnavailable: Azure Table storage at http://127.0.0.1:{port}/deploys, tables sluice*", refused.Message, StringComparison.Ordinal);
        Assert.Contains("does not answer", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, refused.ToString(), StringComparison.Ordinal);
        Assert.True(refused.IsTransient);
    }

    [Fact]
    public async Task A_signature_in_the_address_is_not_repeated()
    {
        var client = new TableServiceClient(new Uri("http://127.0.0.1:1/deploys?sv=2024-01-01&sig=s3cret"), Impatient());

        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(client));

        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_is_told_with_what_to_do()
    {
        var endpoint = new TableServiceClient(TablePlace.Server).Uri.ToString();

        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(Client(endpoint, "devstoreaccount1")));

        Assert.StartsWith($"RegistryMisconfigured: Azure Table storage at {endpoint}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Storage Table Data Contributor", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public async Task An_identity_that_gets_no_token_is_told_with_its_reason()
    {
        var client = new TableServiceClient(new Uri("https://deploys.table.core.windows.net"), new NoIdentity(), Impatient());

        var refused = await Assert.ThrowsAsync<RegistryException>(() => OpenAsync(client));

        Assert.StartsWith("RegistryMisconfigured: Azure Table storage at https://deploys.table.core.windows.net/", refused.Message, StringComparison.Ordinal);
        Assert.Contains("no identity here", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1sluice")]
    [InlineData("my-sluice")]
    [InlineData("sluiceé")]
    [InlineData("sluice\n")]
    public async Task A_prefix_that_no_table_can_have_is_refused(string prefix)
    {
        var refused = await Assert.ThrowsAsync<RegistryException>(() =>
            TableRegistry.OpenAsync(Client("http://127.0.0.1:1/deploys"), prefix, NullLogger<TableRegistry>.Instance, default));

        Assert.StartsWith($"RegistryMisconfigured: '{prefix}' cannot begin the names of tables", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_was_deleted_under_way_is_told_and_made_again_by_a_restart()
    {
        await using var place = new TablePlace();
        var registry = await place.OpenRegistryAsync();
        await place.Table("locks").DeleteAsync();

        var refused = await Assert.ThrowsAsync<RegistryException>(() =>
            registry.Coordination.AcquireLockAsync(new("api", "prod", "r", DateTimeOffset.UnixEpoch, true), default));

        Assert.Contains("has lost a table", refused.Message, StringComparison.Ordinal);
        var again = await place.OpenRegistryAsync();
        Assert.Equal("r", (await again.Coordination.AcquireLockAsync(new("api", "prod", "r", DateTimeOffset.UnixEpoch, true), default)).Owner);
    }

    [Fact]
    public async Task A_trail_without_its_end_takes_no_entry_and_a_restart_does_not_hide_it()
    {
        await using var place = new TablePlace();
        await place.OpenRegistryAsync();
        await place.Table("audit").DeleteEntityAsync("audit", "head");
        var registry = await place.OpenRegistryAsync();

        var refused = await Assert.ThrowsAsync<RegistryException>(() =>
            registry.Events.AuditAsync(new(DateTimeOffset.UnixEpoch, "a", "b", "c", null, "accepted"), default));

        Assert.Equal(RegistryError.RegistryCorrupt, refused.Error);
        Assert.Equal(1, await registry.Events.VerifyAuditAsync(default));
    }

    [Fact]
    public async Task A_registry_whose_schema_row_is_gone_is_not_well()
    {
        await using var place = new TablePlace();
        var registry = await place.OpenRegistryAsync();
        await registry.PingAsync(default);
        await place.Table("schema").DeleteEntityAsync("schema", "version");

        await Assert.ThrowsAsync<RegistryException>(() => registry.PingAsync(default));
    }

    private static Task<TableRegistry> OpenAsync(TableServiceClient client) =>
        TableRegistry.OpenAsync(client, "sluice", NullLogger<TableRegistry>.Instance, default);

    private static TableServiceClient Client(string endpoint, string account = "deploys") =>
        new(new Uri(endpoint), new TableSharedKeyCredential(account, Key), Impatient());

    private static TableClientOptions Impatient() => new() { Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(1) } };

    private sealed class NoIdentity : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new CredentialUnavailableException("no identity here");

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new CredentialUnavailableException("no identity here");
    }
}
