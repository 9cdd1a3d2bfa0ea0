using Sluice.Testing.Contract.Api;

namespace Sluice.Api.Tests;

/// <summary>The standalone server keeps the contract.</summary>
public sealed class ContractTests : ApiContract
{
    protected override async Task<ContractServer> StartAsync() => await Server.StartAsync();
}
