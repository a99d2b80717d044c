@{
    RootModule             = 'SendIm.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = '3c1b1ad7-5f0e-4a55-9c58-0d2b6f1f8a34'
    Author                 = 'send-im'
    CompanyName            = 'send-im'
    Copyright              = 'MIT OR Apache-2.0'
    Description            = 'Delivers instant messages to Skype for Business and Lync users. A sandbox server comes with it.'
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    CompatiblePSEditions   = @('Desktop', 'Core')
    RequiredAssemblies     = @('SendIm.dll', 'SendIm.PowerShell.dll')
    FunctionsToExport      = @('Send-Im', 'Test-ImConnection', 'Start-ImSandbox', 'Stop-ImSandbox')
    CmdletsToExport        = @()
    VariablesToExport      = @()
    AliasesToExport        = @()
    PrivateData            = @{
        PSData = @{
            Tags = @('SkypeForBusiness', 'Lync', 'UCWA', 'InstantMessage', 'PSEdition_Desktop', 'PSEdition_Core')
        }
    }
}
